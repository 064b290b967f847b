import { SigError } from '../../src/errors.ts';

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ['no space is left on the disk', 'free some space and try again'],
  EDQUOT: ['the disk quota is used up', 'free some space and try again'],
  EROFS: ['the file system is read-only', 'mount it writable, or name another folder with SIG_HOME'],
  EIO: ['the disk failed', 'check the disk; nothing was replaced'],
  EMFILE: ['too many files are open', 'raise the limit: ulimit -n 4096'],
  ENFILE: ['too many files are open', 'close some programs'],
  EOPNOTSUPP: ['its file system has no Unix sockets', 'name a folder on a local disk with SIG_HOME'],
  ENOTSUP: ['its file system has no Unix sockets', 'name a folder on a local disk with SIG_HOME'],
};

/** The code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * What the system refused, as a {@link SigError}. One that is a SigError already is left as it is.
 *
 * @param action what was tried, such as `write "/home/ann/.sig/key"`
 * @returns E_PERMISSIONS when the user may not do it, else E_STORE
 */
export function toStoreError(error: unknown, action: string): SigError {
  if (error instanceof SigError) return error;
  const code = systemCode(error) ?? '';
  if (code === 'EACCES' || code === 'EPERM') {
    return new SigError('E_PERMISSIONS', `Cannot ${action}: permission denied`, {
      hint: 'look at the owner and mode with: ls -ld, of it and of the folder around it',
      cause: error,
    });
  }
  const [reason, hint] = REASONS[code] ?? [code === '' ? 'the system refused' : `the system answers ${code}`];
  return new SigError('E_STORE', `Cannot ${action}: ${reason}`, { hint, cause: error });
}

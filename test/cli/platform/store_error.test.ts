import { expect, test } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import { systemCode, toStoreError } from '../../../cli/platform/store_error.ts';

const failure = (code: string) => Object.assign(new Error('secret detail'), { code });

test.each([
  ['ENOSPC', 'E_STORE', 'Cannot write "/x": no space is left on the disk'],
  ['EDQUOT', 'E_STORE', 'Cannot write "/x": the disk quota is used up'],
  ['EROFS', 'E_STORE', 'Cannot write "/x": the file system is read-only'],
  ['EIO', 'E_STORE', 'Cannot write "/x": the disk failed'],
  ['EBUSY', 'E_STORE', 'Cannot write "/x": the system answers EBUSY'],
  ['EACCES', 'E_PERMISSIONS', 'Cannot write "/x": permission denied'],
  ['EPERM', 'E_PERMISSIONS', 'Cannot write "/x": permission denied'],
])('S13: toStoreError() says what %s means', (system, code, message) => {
  const cause = failure(system);
  expect(toStoreError(cause, 'write "/x"')).toMatchObject({ code, message, cause });
});

test('toStoreError() leaves a SigError as it is, and takes anything', () => {
  const own = new SigError('E_CORRUPT', 'It is empty');
  expect(toStoreError(own, 'read "/x"')).toBe(own);
  for (const thrown of [undefined, null, 'text', new Error('plain')]) {
    expect(toStoreError(thrown, 'read "/x"')).toMatchObject({
      code: 'E_STORE',
      message: 'Cannot read "/x": the system refused',
    });
  }
});

test('systemCode() is the code of a system error, and of nothing else', () => {
  expect(systemCode(failure('ENOENT'))).toBe('ENOENT');
  for (
    const other of [
      undefined,
      null,
      'ENOENT',
      { code: 'ENOENT' },
      new Error('ENOENT'),
      Object.assign(new Error(), { code: 2 }),
    ]
  ) {
    expect(systemCode(other)).toBeUndefined();
  }
});

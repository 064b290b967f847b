import { SigError } from '../errors.ts';

/** Id of the provider whose credential a record is. */
export function providerOf(name: string): string | undefined {
  return /^credentials\/(.+)$/.exec(name)?.[1];
}

/**
 * Says that a record cannot be opened, and what to do.
 *
 * @param name of the record
 * @param cause what is wrong with it
 * @param kept where the bad file is now, when it was moved
 */
export function unusable(name: string, cause: SigError, kept?: string): SigError {
  const provider = providerOf(name);
  const subject = provider === undefined ? `sealed record "${name}"` : `credential "${provider}"`;
  const place = kept === undefined ? `the file is "${name}.json"` : `the file is kept as "${kept}"`;
  const again = provider === undefined ? undefined : `log in again: sig login ${provider}`;
  return new SigError(cause.code, `Cannot open ${subject}: ${decapitalise(cause.message)}; ${place}`, {
    hint: cause.hint ?? again,
    provider,
    cause,
  });
}

function decapitalise(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

import { Secret } from '../secret.ts';

/** Gets another token when a server has refused this one. */
export type Refresh = (refused: Secret) => Promise<Secret | string>;

/** The token that requests carry now, and its renewal. */
export interface HeldToken {
  /** The token now; `undefined` where requests carry none. */
  current(): Secret | undefined;
  /**
   * Gets another than the refused one: once for all who meet the refusal at the same time.
   *
   * @returns whether there is another now
   */
  renew(refused: Secret): Promise<boolean>;
}

/** Holds a token; without `refresh` for good. */
export function holdToken(token: Secret | string | undefined, refresh?: Refresh): HeldToken {
  let current = token === undefined ? undefined : boxed(token);
  let renewing: Promise<void> | undefined;
  return {
    current: () => current,
    async renew(refused) {
      if (refresh && current === refused) {
        renewing ??= refresh(refused)
          .then((fresh) => void (current = boxed(fresh)))
          .finally(() => renewing = undefined);
        await renewing;
      }
      return current?.reveal() !== refused.reveal();
    },
  };
}

/** A token in its box. */
export function boxed(token: Secret | string): Secret {
  return token instanceof Secret ? token : new Secret(token);
}

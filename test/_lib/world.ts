/**
 * A home with providers and logins, for tests of the command line.
 *
 * @module
 */

import { useHome } from './lab.ts';
import { makeWorld, type World } from './make_world.ts';

export { tokenProvider, type World } from './make_world.ts';

/**
 * Makes a home that is removed when the test ends.
 *
 * @param env variables of every `sig` of this world, such as `SIG_EXTRA_CA`
 */
export async function useWorld(config?: string, env?: Readonly<Record<string, string>>): Promise<World> {
  return await makeWorld(await useHome(), config, env);
}

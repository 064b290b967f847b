import { spawn } from 'node:child_process';
import process from 'node:process';
import { isLoopbackHost } from '../../src/target/host.ts';
import { parseUrl } from '../../src/target/target.ts';
import { hasDisplay } from './browser/find.ts';

/**
 * Opens a page in the person's own browser, where there is one (RFC 8252 §6).
 *
 * The address may come from a server, so it is one only when it parses as https, or as http to this
 * machine; what is handed over is what the parser made of it, as one argument of a program, with no
 * shell in between (security case B18). It begins with `http`, so no program takes it for an option.
 *
 * @returns whether the program that opens pages was started
 * @throws {SigError} E_TARGET for anything but such an address
 */
export async function openUrl(url: string): Promise<boolean> {
  const { target, href } = parseUrl(url);
  if (target.scheme !== 'https' && !isLoopbackHost(target.host)) return false;
  const { env, platform } = process;
  if (!hasDisplay({ platform, env: (name) => env[name] })) return false;
  // xdg-open is a shell script that starts others: what a shell would read is percent-encoded.
  const address = href.replace(/['$()`\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const [program, ...args] = opener(platform);
  return await new Promise((resolve) => {
    const child = spawn(program, [...args, address], {
      shell: false,
      stdio: 'ignore',
      // Ctrl-C ends the login, not the browser.
      detached: true,
      windowsHide: true,
    });
    child.on('error', () => resolve(false));
    child.on('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** None of these knows `--`; on Windows `start` would be a command of a shell. */
function opener(platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}

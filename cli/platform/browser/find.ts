import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { SigError } from '../../../src/errors.ts';

/** A browser program of this machine. */
export interface FoundBrowser {
  /** Absolute path of the program. */
  readonly path: string;
  /** Such as `Google Chrome`. */
  readonly name: string;
}

/** What finding depends on. */
export interface FindContext {
  readonly platform: string;
  env(name: string): string | undefined;
}

const LINUX: readonly (readonly [name: string, programs: readonly string[]])[] = [
  ['Google Chrome', ['google-chrome-stable', 'google-chrome', '/opt/google/chrome/chrome']],
  ['Microsoft Edge', ['microsoft-edge-stable', 'microsoft-edge', '/opt/microsoft/msedge/msedge']],
  ['Chromium', ['chromium', 'chromium-browser']],
  ['Brave', ['brave-browser-stable', 'brave-browser', 'brave', '/opt/brave.com/brave/brave']],
  ['Google Chrome', ['google-chrome-beta', 'google-chrome-unstable']],
];
const MAC: readonly (readonly [name: string, program: string])[] = [
  ['Google Chrome', 'Google Chrome.app/Contents/MacOS/Google Chrome'],
  ['Microsoft Edge', 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge'],
  ['Chromium', 'Chromium.app/Contents/MacOS/Chromium'],
  ['Brave', 'Brave Browser.app/Contents/MacOS/Brave Browser'],
];
const WINDOWS: readonly (readonly [name: string, program: string])[] = [
  ['Google Chrome', 'Google\\Chrome\\Application\\chrome.exe'],
  ['Microsoft Edge', 'Microsoft\\Edge\\Application\\msedge.exe'],
  ['Chromium', 'Chromium\\Application\\chrome.exe'],
  ['Brave', 'BraveSoftware\\Brave-Browser\\Application\\brave.exe'],
];

/**
 * Finds a browser that Chromium's protocol drives: Chrome, Edge, Chromium or Brave, and last the
 * Chromium that Playwright installed. `SIG_BROWSER` names one by its absolute path; config.yaml
 * cannot, since that would make a config file run programs (security case B11).
 *
 * @throws {SigError} E_BROWSER when there is none, or `SIG_BROWSER` names no program
 */
export function findBrowser(context: FindContext): FoundBrowser {
  const chosen = context.env('SIG_BROWSER');
  if (chosen !== undefined && chosen !== '') {
    if (isAbsolute(chosen) && isProgram(chosen)) return { path: chosen, name: chosen };
    throw new SigError('E_BROWSER', `SIG_BROWSER is not the absolute path of a program: ${JSON.stringify(chosen)}`);
  }
  for (const { path, name } of listCandidates(context)) if (isProgram(path)) return { path, name };
  throw new SigError('E_BROWSER', 'No browser found: none of Chrome, Edge, Chromium and Brave is installed', {
    hint: `${INSTALL[context.platform] ?? INSTALL.linux}, or set SIG_BROWSER to the path of one`,
  });
}

const INSTALL: Readonly<Record<string, string>> = {
  linux: 'install one, such as: sudo apt-get install chromium',
  darwin: 'install one, such as: brew install --cask google-chrome',
  win32: 'install one, such as: winget install Google.Chrome',
};

/** Where browsers are looked for, in order of preference. */
export function listCandidates({ platform, env }: FindContext): FoundBrowser[] {
  const at = (folders: readonly (string | undefined)[], programs: readonly (readonly [string, string])[]) =>
    programs.flatMap(([name, program]) =>
      folders.filter((folder) => folder !== undefined && folder !== '').map((folder) => ({
        name,
        path: platform === 'win32' ? `${folder}\\${program}` : `${folder}/${program}`,
      }))
    );
  if (platform === 'win32') return at([env('ProgramFiles'), env('ProgramFiles(x86)'), env('LocalAppData')], WINDOWS);
  const home = env('HOME');
  if (platform === 'darwin') {
    return [
      ...at(['/Applications', home && `${home}/Applications`], MAC),
      ...playwrightBuilds(home && `${home}/Library/Caches/ms-playwright`, [
        'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
        'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
      ]),
    ];
  }
  const folders = (env('PATH') ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const found = LINUX.flatMap(([name, programs]) =>
    programs.flatMap((program) =>
      (isAbsolute(program) ? [program] : folders.map((folder) => join(folder, program))).map((path) => ({ name, path }))
    )
  );
  // A snap may not use hidden folders, and so not a profile in ~/.sig: only when there is nothing else.
  const isSnap = ({ path }: FoundBrowser) => path.startsWith('/snap/');
  return [
    ...found.filter((browser) => !isSnap(browser)),
    ...playwrightBuilds(home && `${home}/.cache/ms-playwright`, ['chrome-linux64/chrome', 'chrome-linux/chrome']),
    ...found.filter(isSnap),
  ];
}

/** What `playwright install chromium` left, newest first. */
function playwrightBuilds(folder: string | undefined, programs: readonly string[]): FoundBrowser[] {
  if (folder === undefined) return [];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // never installed
  }
  return names.filter((name) => /^chromium-\d+$/.test(name)).sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)))
    .flatMap((name) => programs.map((program) => ({ name: 'Chromium', path: `${folder}/${name}/${program}` })));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not ours to run
  }
}

/**
 * Whether a person at this machine would see a window: a display server on Linux and its kin, no
 * remote shell on macOS and Windows.
 */
export function hasDisplay({ platform, env }: FindContext): boolean {
  const isSet = (name: string) => (env(name) ?? '') !== '';
  if (platform === 'darwin' || platform === 'win32') return !isSet('SSH_CONNECTION') && !isSet('SSH_TTY');
  return isSet('DISPLAY') || isSet('WAYLAND_DISPLAY');
}

import { SigError } from '../../src/errors.ts';
import { printJson, printLine } from '../io.ts';
import type { InstallForm, Run } from './command.ts';
import { askLatestVersion, findRegistry } from './npm_registry.ts';
import { compareVersions, parseVersion } from './version_order.ts';

const PACKAGE = '@sigcli/cli';

/** How each form is brought up to date. */
const HOW: Readonly<Record<InstallForm, (version: string) => string>> = {
  npx: (version) => `npx ${PACKAGE}@${version}`,
  'npm-global': (version) => `npm install --global ${PACKAGE}@${version}`,
  'npm-local': (version) => `npm install ${PACKAGE}@${version}`,
  deno: (version) => `deno run npm:${PACKAGE}@${version}`,
  binary: (version) =>
    `download the executable of ${version}, check it with SHA256SUMS, and put it in the place of this one`,
  source: () => 'git pull && npm ci',
};

export const run: Run = async ({ options }, context) => {
  const { version: current, form } = await context.installation();
  const { io } = context;
  if (!options.has('check')) {
    const how = HOW[form]('latest');
    if (io.json) await printJson(io, { current, form, how });
    else await printLine(io, `To upgrade: ${how}`);
    return 0;
  }
  const latest = await askLatestVersion(PACKAGE, await findRegistry(PACKAGE.split('/')[0]!, context), context);
  const [own, other] = [parseVersion(current), parseVersion(latest)];
  const order = compareVersions(own, other);
  // Whoever runs what leads to a release is ahead of the last one. Nobody else should be.
  if (order > 0 && own.preRelease.length === 0) {
    throw new SigError('E_UPSTREAM', `The npm registry names ${latest} as the latest version, and this is ${current}`, {
      hint: 'keep this version, and ask whoever runs the registry',
    });
  }
  const isNewer = order < 0;
  const how = HOW[form](latest);
  if (io.json) await printJson(io, { current, latest, isNewer, form, ...(isNewer ? { how } : {}) });
  else if (isNewer) {
    await printLine(io, `sig ${latest} is there; this is ${current}`);
    await printLine(io, `To upgrade: ${how}`);
  } else await printLine(io, `sig ${current} is up to date`);
  return 0;
};

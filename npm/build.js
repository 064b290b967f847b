// Builds dist/: the library, the command line and the types (see bundles.js). Runs on plain Node,
// since `npm ci` calls it on machines that have nothing else.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { libraryBundle, root } from './bundles.js';
import { buildCommandLine } from './command_line.js';

// Executables and the manual may lie there too; they are made by others and stay.
for (const name of await readdir(`${root}/dist`).catch(() => [])) {
  if (/^(?:bin|types)$|\.js$/.test(name)) await rm(`${root}/dist/${name}`, { recursive: true });
}
await build(libraryBundle);
await buildCommandLine();
for (const bin of ['sig', 'agent-id']) await chmod(`${root}/dist/bin/${bin}.cjs`, 0o755);

const tsc = `${root}/node_modules/typescript/bin/tsc`;
const types = spawnSync(process.execPath, [tsc, '-p', `${root}/npm/tsconfig.types.json`], { stdio: 'inherit' });
if (types.status !== 0) process.exit(1);
// Declarations name their neighbours as the sources do; those who install us have no ".ts" files.
for (const name of await readdir(`${root}/dist/types`, { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  const text = await readFile(`${root}/dist/types/${name}`, 'utf8');
  await writeFile(`${root}/dist/types/${name}`, text.replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'"));
}

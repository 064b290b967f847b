// Builds dist/: the library, the command line and the types (see bundles.js). Runs on plain Node,
// since `npm ci` calls it on machines that have nothing else.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { libraryBundle, root } from './bundles.js';
import { buildCommandLine } from './command_line.js';

// Executables and the manual may lie there too; they are made by others and stay.
for (const name of await readdir(`${root}/dist`).catch(() => [])) {
  if (/^(?:bin|chunk|types)$|\.js$/.test(name)) await rm(`${root}/dist/${name}`, { recursive: true });
}
await build(libraryBundle);
await buildCommandLine();
for (const bin of ['sig', 'agent-id']) await chmod(`${root}/dist/bin/${bin}.cjs`, 0o755);

const tsc = `${root}/node_modules/typescript/bin/tsc`;
const compiled = spawnSync(process.execPath, [tsc, '-p', `${root}/npm/tsconfig.types.json`], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(1);
await keepDeclarations();

/**
 * Declarations name their neighbours as the sources do, and those who install us have no ".ts" files. What no
 * entry leads to goes.
 */
async function keepDeclarations() {
  const { exports } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
  const kept = new Set(Object.values(exports).flatMap(({ types }) => types ?? []).map((path) => join(root, path)));
  const lead = /((?:from |import\()'\.[^']*)\.ts'/g;
  for (const path of kept) {
    const text = await readFile(path, 'utf8');
    for (const [, start] of text.matchAll(lead)) {
      kept.add(join(dirname(path), `${start.slice(start.indexOf("'") + 1)}.d.ts`));
    }
    await writeFile(path, text.replace(lead, "$1.js'"));
  }
  const folder = join(root, 'dist/types');
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if (name.endsWith('.d.ts') && !kept.has(path)) await rm(path);
  }
}

import { cpSync, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { needCommands, runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';
import { findNodeRelease } from '../_lib/node_release.ts';
import { installPacked } from '../_lib/packed.ts';
import { ROOT } from '../_lib/sig.ts';

const { exports: sources } = JSON.parse(await readFile(join(ROOT, 'deno.json'), 'utf8')) as {
  exports: Record<string, string>;
};
const { name, version, exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
  exports: Record<string, unknown>;
};

test('the packed tarball installs in an empty folder, imports and runs', async ({ skip, annotate }) => {
  const [npm, node] = needCommands(skip, 'npm', 'node');
  const packed = await installPacked(await useFolder());
  if ('reason' in packed) return skip(packed.reason);
  const { project, paths } = packed;
  expect(paths).toEqual(
    expect.arrayContaining(['dist/mod.js', 'dist/bin/sig.cjs', 'package.json', 'README.md', 'LICENSE']),
  );
  expect(paths.filter((path) => !/^(?:dist\/|package\.json$|[A-Z]+(?:\.md)?$)/.test(path))).toEqual([]);

  const deno = [join(ROOT, 'node_modules/.bin/deno'), 'run', '--no-prompt', '--no-lock', '--node-modules-dir=manual'];
  const runtimes = [[node!], deno, [join(ROOT, 'node_modules/.bin/bun'), 'run']];
  for (const major of [22, 24]) {
    const release = await findNodeRelease(major);
    if ('path' in release) runtimes.push([release.path]);
    else await annotate(`not on Node ${major}: ${release.reason}`);
  }
  for (const entry of Object.keys(exports).filter((key) => key !== './package.json')) {
    const specifier = name + entry.slice(1);
    await writeFile(join(project, 'use.mjs'), `if (Object.keys(await import('${specifier}')).length === 0) throw 1;\n`);
    for (const [file, ...args] of runtimes) {
      const imported = await runCommand(file!, [...args, 'use.mjs'], { cwd: project });
      expect([specifier, file, imported.code, imported.stderr]).toEqual([specifier, file, 0, '']);
    }
  }
  const bin = join(project, 'node_modules/.bin/sig');
  const ran = await runCommand(bin, ['--version'], { cwd: project });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(ran.stdout).toContain(version);
  // As people call it: npx takes what is installed and asks no registry.
  const npx = await runCommand(npm!, ['exec', '--offline', '--', 'sig', '--version'], { cwd: project });
  expect([npx.code, npx.stdout]).toEqual([0, `sig ${version}\n`]);
}, 300_000);

test('deno publish takes the package, as far as it can say without its registry', async ({ skip }) => {
  const args = ['publish', '--dry-run', '--allow-dirty', '--no-check'];
  const tried = await runCommand(join(ROOT, 'node_modules/.bin/deno'), args, { cwd: ROOT, timeoutMs: 90_000 });
  if (tried.code !== 0 && /sending request|dns error|connect|client error/i.test(tried.stderr)) {
    skip('deno publish asks a registry that is out of reach');
  }
  expect(tried).toMatchObject({ code: 0 });
  const said = tried.stderr + tried.stdout;
  expect(said).toContain('Checking for slow types');
  expect(said).not.toMatch(/\b(?:warning|error)\b\[/);
  for (const source of Object.values(sources)) expect(said).toContain(source.slice(2));
}, 120_000);

test('the types of the package are enough for a strict consumer', async ({ skip }) => {
  const [node] = needCommands(skip, 'node');
  const folder = await useFolder();
  const installed = join(folder, 'node_modules', name);
  await mkdir(installed, { recursive: true });
  for (const path of ['package.json', 'dist']) cpSync(join(ROOT, path), join(installed, path), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(folder, 'use.ts'),
    `import { openSig } from '${name}/platform';\nimport { type Sig, SigError } from '${name}';\n` +
      "export const sig: Promise<Sig> = openSig({ passphrase: () => 'x' });\n" +
      "const code: 'E_ID' = new SigError('E_ID', 'x').code;\n",
  );
  const options = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['use.ts'] }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  expect(existsSync(tsc)).toBe(true);
  const checked = await runCommand(node!, [tsc, '-p', folder], { timeoutMs: 60_000 });
  // "code" is the union of all codes, so the one line that must fail is the last.
  expect(checked.stdout).toMatch(/use\.ts\(4,7\): error TS2322/);
  expect(checked.stdout.match(/error TS/g)).toHaveLength(1);
});

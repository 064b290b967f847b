// Builds the command line as CommonJS: Node has its loader for modules ready only some 20 ms later, and what it
// reads counts as much as what it runs. So there are few files, each with what is used together:
//
//   sig.cjs agent-id.cjs   the bins: enough for --version
//   program.cjs            what nearly every command needs
//   rest.cjs               everything else of ours
//   yaml.cjs …             packages that are large or that few commands use
//
// esbuild divides the program at its dynamic imports; these pieces are put into the two files as functions, which run
// when they are first required.
import { build, transform } from 'esbuild';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { executableBundle, root } from './bundles.js';

/** What goes into program.cjs, with all that it imports at once. */
const FIRST = [
  'cli/program.ts',
  'cli/app.ts',
  'cli/io.ts',
  'cli/context.ts',
  'cli/command/table.ts',
  'cli/command/status.ts',
  'cli/command/providers.ts',
  'cli/command/explain.ts',
  'cli/platform/terminal.ts',
  'cli/platform/config_file.ts',
  'cli/platform/vault_home.ts',
  'src/config/parse.ts',
  'src/credential/credentials.ts',
  'src/sig/load_providers.ts',
];

/** Packages that are files of their own. */
const APART = {
  yaml: /^yaml$/,
  tldts: /^tldts$/,
  mcp: /^@modelcontextprotocol\/sdk\//,
};
const MCP = ['server/index.js', 'server/stdio.js', 'types.js']
  .map((path) => `export * from '@modelcontextprotocol/sdk/${path}';`).join('\n');

const EXTERNAL = ['node:*', '@napi-rs/keyring', 'playwright-core'];
/** Dynamic imports become require(). */
const SUPPORTED = { 'dynamic-import': false };

/** @type {import('esbuild').Plugin} */
const apart = {
  name: 'files of their own',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ path }) => {
      const found = Object.entries(APART).find(([, pattern]) => pattern.test(path));
      return found && { path: `./${found[0]}.cjs`, external: true };
    });
    onResolve(
      { filter: /\/program\.ts$/ },
      ({ kind }) => kind === 'dynamic-import' ? { path: './program.cjs', external: true } : undefined,
    );
  },
};

/** See command_line.d.ts. */
export async function buildCommandLine(outdir = join(root, 'dist/bin')) {
  await mkdir(outdir, { recursive: true });
  const sources = new Map();
  const commonJs = {
    ...executableBundle,
    format: 'cjs',
    outdir,
    outExtension: { '.js': '.cjs' },
    external: EXTERNAL,
    supported: SUPPORTED,
    metafile: true,
  };
  const packages = Object.keys(APART).filter((name) => name !== 'mcp');
  for (
    const options of [
      { ...commonJs, entryPoints: { sig: 'cli/main.ts', 'agent-id': 'cli/agent_id_main.ts' }, plugins: [apart] },
      { ...commonJs, entryPoints: Object.fromEntries(packages.map((name) => [name, name])) },
      { ...commonJs, outdir: undefined, outfile: join(outdir, 'mcp.cjs'), stdin: { contents: MCP, resolveDir: root } },
    ]
  ) {
    const { metafile } = await build(options);
    for (const [path, { inputs }] of Object.entries(metafile.outputs)) {
      sources.set(basename(path), Object.keys(inputs));
    }
  }
  const pieces = await divide();
  const first = new Set();
  const addWithImports = (name) => {
    if (first.has(name)) return;
    first.add(name);
    for (const needed of pieces.get(name).imports) addWithImports(needed);
  };
  for (const [name, { entryPoint }] of pieces) if (FIRST.includes(entryPoint)) addWithImports(name);
  const rest = [...pieces.keys()].filter((name) => !first.has(name));
  const start = [...pieces].find(([, { entryPoint }]) => entryPoint === 'cli/program.ts')[0];
  await writeFile(join(outdir, 'program.cjs'), `${await loader(pieces, first)}module.exports=load("./${start}");\n`);
  await writeFile(join(outdir, 'rest.cjs'), `module.exports=${await asFunctions(pieces, rest)};\n`);
  const inputsOf = (names) => [...names].flatMap((name) => pieces.get(name).inputs);
  sources.set('program.cjs', inputsOf(first)).set('rest.cjs', inputsOf(rest));
  return sources;
}

/** The program in pieces that import each other. */
async function divide() {
  const { outputFiles, metafile } = await build({
    ...executableBundle,
    minify: false,
    splitting: true,
    entryPoints: ['cli/program.ts'],
    outdir: 'dist/bin',
    external: EXTERNAL,
    plugins: [apart],
    write: false,
    metafile: true,
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  return new Map(
    Object.entries(metafile.outputs).map(([path, { entryPoint, imports, inputs }]) => [basename(path), {
      entryPoint,
      inputs: Object.keys(inputs),
      imports: imports.filter(({ kind, external }) => kind === 'import-statement' && !external)
        .map((found) => basename(found.path)),
      text: texts.get(basename(path)),
    }]),
  );
}

/** `require` for pieces: those of program.cjs at once, the others from rest.cjs. */
async function loader(pieces, names) {
  return `"use strict";const first=${await asFunctions(pieces, names)};let rest;const loaded=new Map();` +
    'function load(name){' +
    'if(!/^\\.\\/.*\\.js$/.test(name))return require(name);' +
    'let module=loaded.get(name);if(module)return module.exports;' +
    'loaded.set(name,module={exports:{}});' +
    '(first[name]??(rest??=require("./rest.cjs"))[name])(load,module,module.exports);' +
    'return module.exports}';
}

async function asFunctions(pieces, names) {
  const functions = await Promise.all([...names].map(async (name) => {
    const { code } = await transform(pieces.get(name).text, {
      format: 'cjs',
      platform: 'neutral',
      target: 'es2023',
      supported: SUPPORTED,
      minify: true,
      legalComments: 'none',
    });
    return `"./${name}":(require,module,exports)=>{${code}}`;
  }));
  return `{${functions.join(',\n')}}`;
}

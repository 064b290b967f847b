/**
 * The command line as one file, with every dependency in it: what both recipes start from.
 *
 * @module
 */

import { build, type Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { executableBundle, root } from '../npm/bundles.js';

/** The name of the keychain add-on beside the bundle. */
export const ADD_ON = 'keyring.node';

/**
 * Writes `sig.mjs`.
 *
 * @param hasAddOn whether {@link ADD_ON} will be beside it; without one the key source "keychain" is refused
 * @param entry what to bundle; default the command line
 */
export async function bundleExecutable(outfile: string, hasAddOn: boolean, entry = 'cli/main.ts'): Promise<void> {
  await build({
    ...executableBundle,
    entryPoints: [join(root, entry)],
    outfile,
    external: ['node:*', ...builtinModules, `./${ADD_ON}`],
    plugins: [inlineFiles, keychain(hasAddOn)],
    // For the CommonJS of playwright-core, which has these three from Node.
    banner: {
      js: [
        "import { createRequire as __createRequire } from 'node:module';",
        "import { dirname as __dirnameOf } from 'node:path';",
        "import { fileURLToPath as __pathOf } from 'node:url';",
        'const require = __createRequire(import.meta.url);',
        'const __filename = __pathOf(import.meta.url);',
        'const __dirname = __dirnameOf(__filename);',
      ].join('\n'),
    },
  });
}

// playwright-core 1.65 reads JSON files of its package by a path made at run time. In an executable
// there is no package, so their text goes where they are asked for.
const inlineFiles: Plugin = {
  name: 'inline files of playwright-core',
  setup({ onLoad }) {
    onLoad({ filter: /playwright-core[/\\]lib[/\\]\w+\.js$/ }, async ({ path }) => {
      const packageRoot = dirname(dirname(path));
      let contents = await readFile(path, 'utf8');
      for (const [call, file] of contents.matchAll(/require\([\w$.]+\.join\(packageRoot, "([\w-]+\.json)"\)\)/g)) {
        const text = await readFile(join(packageRoot, file!), 'utf8');
        contents = contents.replace(call, () => `(${text.trim()})`);
      }
      return { contents, loader: 'js' };
    });
  },
};

// The package looks for its add-on by the name of the system; an executable knows which one it has.
function keychain(hasAddOn: boolean): Plugin {
  return {
    name: 'keychain add-on',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^@napi-rs\/keyring$/ }, ({ path }) => ({ path, namespace: 'keychain' }));
      onLoad({ filter: /.*/, namespace: 'keychain' }, () => ({
        contents: hasAddOn
          ? `const { default: addOn } = await import('./${ADD_ON}');\nexport const AsyncEntry = addOn.AsyncEntry;`
          : `throw new Error('this executable has no keychain add-on');`,
      }));
    },
  };
}

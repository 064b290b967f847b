import { build } from 'esbuild';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';
import { ROOT } from '../_lib/sig.ts';

const WORKERS = ['sign', 'broker', 'upstream', 'cases'];

test('the example Workers sign and broker requests in workerd', async () => {
  const folder = await useFolder();
  await build({
    absWorkingDir: ROOT,
    entryPoints: WORKERS.map((name) => `test/example/worker_${name}.ts`),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    target: 'es2023',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const worker = (name: string, rest: string) =>
    `const ${name} :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker_${name}.mjs")],
  compatibilityDate = "2025-09-01",${rest}
);`;
  const bindings = (values: Record<string, string>) =>
    ` bindings = [${Object.entries(values).map(([name, value]) => `(name = "${name}", ${value})`).join(', ')}]`;
  await writeFile(
    join(folder, 'workers.capnp'),
    [
      'using Workerd = import "/workerd/workerd.capnp";',
      `const config :Workerd.Config = (services = [${
        WORKERS.map((name) => `(name = "${name}", worker = .${name})`).join(', ')
      }]);`,
      worker('cases', bindings({ SIGN: 'service = "sign"', BROKER: 'service = "broker"' })),
      worker(
        'sign',
        `${
          bindings({ API: 'text = "https://api.example.com"', ACCESS_TOKEN: 'text = "bound-token"' })
        }, globalOutbound = "upstream"`,
      ),
      worker(
        'broker',
        `${
          bindings({
            BROKER_KEY: 'text = "broker-key"',
            CLIENT_ID: 'text = "id"',
            CLIENT_SECRET: 'text = "client-secret"',
          })
        }, globalOutbound = "upstream"`,
      ),
      worker('upstream', ''),
    ].join('\n'),
  );
  const { code, stdout, stderr } = await runCommand(join(ROOT, 'node_modules/.bin/workerd'), [
    'test',
    join(folder, 'workers.capnp'),
  ]);
  expect(stderr).not.toContain('Error');
  expect(`${stdout}${stderr}`.match(/PASSED/g)).toHaveLength(9);
  // The audit of the broker names hosts and ids, and no secret.
  for (const secret of ['client-secret', 'upstream-token', 'broker-key']) {
    expect(`${stdout}${stderr}`).not.toContain(secret);
  }
  expect(code).toBe(0);
});

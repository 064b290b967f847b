import { expect, test } from 'vitest';
import { findInstallForm } from '../../../cli/platform/installation.ts';

test.each([
  ['/usr/bin/node', '/home/a/.npm/_npx/0a1b/node_modules/@sigcli/cli/dist/bin/sig.cjs', 'npx'],
  ['/usr/bin/node', '/usr/local/lib/node_modules/@sigcli/cli/dist/bin/sig.cjs', 'npm-global'],
  [
    'C:\\node\\node.exe',
    'C:\\Users\\a\\AppData\\Roaming\\npm\\node_modules\\@sigcli\\cli\\dist\\bin\\sig.cjs',
    'npm-global',
  ],
  ['/usr/bin/node', '/home/a/project/node_modules/@sigcli/cli/dist/bin/sig.cjs', 'npm-local'],
  ['/usr/bin/bun', '/home/a/project/node_modules/@sigcli/cli/dist/bin/sig.cjs', 'npm-local'],
  ['/usr/bin/deno', '/home/a/.cache/deno/npm/registry.example/@sigcli/cli/2.0.0/dist/bin/sig.cjs', 'deno'],
  ['/usr/bin/deno', '/home/a/sig/cli/main.ts', 'source'],
  ['/usr/bin/node', '/home/a/sig/dist/bin/sig.cjs', 'source'],
  ['/opt/sig', '/$bunfs/root/sig-linux-x64', 'binary'],
  ['/opt/node', '/$bunfs/root/sig-linux-x64', 'binary'],
  ['C:\\bun.exe', 'B:\\~BUN\\root\\sig.exe', 'binary'],
  ['C:\\tools\\sig-windows-x64.exe', 'B:\\~BUN\\root\\sig.exe', 'binary'],
])('findInstallForm() of %s and %s is %s', (execPath, script, form) => {
  expect(findInstallForm(execPath, script)).toBe(form);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS, GLOBAL_OPTIONS } from '../../cli/command/table.ts';
import { VERSION } from '../../cli/platform/version.ts';
import { formatManual } from '../../npm/format_manual.ts';
import { needCommands, runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';

const manual = formatManual(VERSION, COMMANDS, GLOBAL_OPTIONS);

test('formatManual() names every command, option and error', () => {
  for (const { name, options } of COMMANDS) {
    expect(manual).toContain(`.SS sig ${name.replaceAll('-', '\\-')}`);
    for (const { flag } of options ?? []) expect(manual).toContain(flag.replaceAll('-', '\\-'));
  }
  expect(manual).toContain('.B E_ROLLBACK');
});

test('groff takes the manual without a warning, and shows examples as they are typed', async ({ skip }) => {
  const [groff] = needCommands(skip, 'groff');
  const file = join(await useFolder(), 'sig.1');
  await writeFile(file, manual);
  const { code, stdout, stderr } = await runCommand(groff!, ['-man', '-ww', '-Tascii', '-rLL=300n', file]);
  expect([code, stderr]).toEqual([0, '']);
  const text = stdout.replace(/.\x08/g, '').replace(/\x1b\[[\d;]*m/g, '');
  for (const { examples } of COMMANDS) for (const example of examples) expect(text).toContain(`$ ${example}`);
});

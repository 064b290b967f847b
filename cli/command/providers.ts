import { SigError } from '../../src/errors.ts';
import { formatDomain } from '../../src/target/domain.ts';
import { formatTable, note, printJson, printLine } from '../io.ts';
import type { Run } from './command.ts';

export const run: Run = async ({ args }, context) => {
  if (args[0] !== undefined && args[0] !== 'list') {
    throw new SigError('E_USAGE', `Unknown action "${args[0]}"`, { hint: 'use: sig providers list' });
  }
  const { all } = await context.providers();
  const { io } = context;
  const rows = all.map(({ id, name, strategy, domains, config }) => ({
    id,
    name,
    strategy,
    domains: domains.map(formatDomain),
    ...(config.entryUrl === undefined ? {} : { entryUrl: config.entryUrl }),
  }));
  if (io.json || !io.stdout.isTerminal) await printJson(io, rows);
  else if (rows.length === 0) await note(io, 'no providers yet; add one: sig login https://…');
  else {
    const table = formatTable(
      ['PROVIDER', 'STRATEGY', 'DOMAINS'],
      rows.map((row) => [row.id, row.strategy, row.domains.join(', ')]),
    );
    for (const line of table.split('\n')) await printLine(io, line);
  }
  return 0;
};

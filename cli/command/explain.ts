import { explainRequest } from '../../src/sig/explain.ts';
import { authorityOf, parseUrl } from '../../src/target/target.ts';
import { ERROR_TABLE, type SigErrorCode } from '../../src/errors.ts';
import { printJson, printLine } from '../io.ts';
import type { Run } from './command.ts';

export const run: Run = async ({ args, options }, context) => {
  const { target, path } = parseUrl(args[0]!);
  const method = (options.value('method') ?? 'GET').toUpperCase();
  const head = { method, target, path, headers: [['Host', authorityOf(target)]] as const };
  const explanation = await explainRequest(
    await context.providers(),
    head,
    async (id) => await (await context.credentials()).open(id),
    Math.floor(context.clock.now() / 1000),
  );
  const { io } = context;
  if (io.json) await printJson(io, explanation);
  else {
    const rows: [string, string | undefined][] = [
      ['request', `${explanation.method} ${explanation.target}`],
      [
        'decision',
        explanation.code === undefined ? explanation.decision : `${explanation.decision} (${explanation.code})`,
      ],
      ['provider', explanation.provider],
      ['domain', explanation.domain],
      ['credential', explanation.credential],
      ['expires', explanation.expiresAt],
      ['adds', explanation.adds.join(', ') || undefined],
      ['lacks', explanation.lacks.join(', ') || undefined],
      ['because', explanation.reason],
      ['do', explanation.hint],
    ];
    for (const [label, text] of rows) if (text !== undefined) await printLine(io, `${label.padEnd(10)}  ${text}`);
  }
  if (explanation.decision === 'inject') return 0;
  return explanation.decision === 'login' ? 4 : ERROR_TABLE[explanation.code as SigErrorCode].exit;
};

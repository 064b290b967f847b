import { SigError } from '../../src/errors.ts';
import { printJson, printLine } from '../io.ts';
import type { AuditRecord } from '../../src/audit/line.ts';
import type { Context, Run } from './command.ts';

const FIRST = ['seq', 'time', 'event', 'provider', 'prev', 'mac'];

export const run: Run = async ({ args, options }, context) => {
  const { io } = context;
  const action = args[0] ?? 'list';
  const log = await context.audit();
  if (action === 'verify') {
    const { records, recoveries } = await log.verify();
    if (io.json) await printJson(io, { ok: true, records, recoveries });
    else {await printLine(
        io,
        `${records} records, all in order${recoveries > 0 ? `; the log recovered ${recoveries} times` : ''}`,
      );}
    return 0;
  }
  if (action !== 'list' && action !== 'tail') {
    throw new SigError('E_USAGE', `Unknown action "${action}"`, { hint: 'use: sig audit list, verify or tail' });
  }
  const listed: AuditRecord[] = [];
  for (const record of await log.tail(readCount(options.value('lines')))) listed.push(record);
  if (io.json && action === 'list') await printJson(io, listed);
  else for (const record of listed) await print(record, context);
  if (action === 'tail') {
    const ended = new AbortController();
    const settled = context.onInterrupt(() => Promise.resolve(ended.abort()));
    for await (const record of log.follow(ended.signal)) await print(record, context);
    settled();
  }
  return 0;
};

/** One record a line: JSON with `--json`, else what a person looks for first. */
async function print(record: AuditRecord, { io }: Context): Promise<void> {
  if (io.json) return await printLine(io, JSON.stringify(record));
  const rest = Object.entries(record).filter(([key]) => !FIRST.includes(key)).map(([key, value]) =>
    `${key}=${show(value)}`
  );
  await printLine(io, [record.time, record.event, record.provider ?? '-', ...rest].join('  '));
}

function readCount(text: string | undefined): number {
  if (text === undefined) return 20;
  const count = Number(text);
  if (/^\d{1,6}$/.test(text) && count > 0) return count;
  throw new SigError('E_USAGE', `Cannot use count "${text}"`, { hint: 'give a number of records, such as -n 50' });
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

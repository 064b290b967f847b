import { SigError } from '../../src/errors.ts';
import { printJson, printLine } from '../io.ts';
import type { Run } from './command.ts';

const FIRST = ['seq', 'time', 'event', 'provider', 'prev', 'mac'];

export const run: Run = async ({ args, options }, context) => {
  const { io } = context;
  const action = args[0] ?? 'list';
  const log = await context.audit();
  if (action === 'verify') {
    const { records, recoveries } = await log.verify();
    if (io.json) await printJson(io, { ok: true, records, recoveries });
    else {
      await printLine(io, `${records} records, all in order`);
      if (recoveries > 0) await printLine(io, `${recoveries} of them say that the log went on after a crash`);
    }
    return 0;
  }
  if (action !== 'list' && action !== 'tail') {
    throw new SigError('E_USAGE', `Unknown action "${action}"`, { hint: 'use: sig audit list, verify or tail' });
  }
  const records = await log.tail(readCount(options.value('lines')));
  if (io.json) await printJson(io, records);
  else {
    for (const record of records) {
      const rest = Object.entries(record).filter(([key]) => !FIRST.includes(key)).map(([key, value]) =>
        `${key}=${show(value)}`
      );
      await printLine(io, [record.time, record.event, record.provider ?? '-', ...rest].join('  '));
    }
  }
  return 0;
};

function readCount(text: string | undefined): number {
  if (text === undefined) return 20;
  const count = Number(text);
  if (/^\d{1,6}$/.test(text) && count > 0) return count;
  throw new SigError('E_USAGE', `Cannot use count "${text}"`, { hint: 'give a number of records, such as -n 50' });
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

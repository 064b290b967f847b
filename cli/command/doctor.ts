import { SigError } from '../../src/errors.ts';
import { printJson, printLine } from '../io.ts';
import type { Run } from './command.ts';

export const run: Run = async ({ args: [what] }, context) => {
  if (what !== undefined && what !== 'probe') {
    throw new SigError('E_USAGE', `Unknown action "${what}"`, { hint: 'use probe, or nothing' });
  }
  const findings = await (what === 'probe' ? context.probe() : context.inspect());
  const { io } = context;
  if (io.json) await printJson(io, { ok: !findings.some((finding) => finding.state === 'failure'), findings });
  else {
    for (const { state, check, message, hint } of findings) {
      await printLine(io, `${state.padEnd(8)}  ${check}: ${message}`);
      if (hint !== undefined) await printLine(io, `          ${hint}`);
    }
  }
  return findings.some((finding) => finding.state === 'failure') ? 1 : 0;
};

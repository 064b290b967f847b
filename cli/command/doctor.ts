import { printJson, printLine } from '../io.ts';
import type { Run } from './command.ts';

export const run: Run = async (_input, context) => {
  const findings = await context.inspect();
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

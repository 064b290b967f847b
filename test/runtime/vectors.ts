// The one list that every runtime runs.
import { AGENT_ID_VECTORS } from './vectors_agent_id.ts';
import { DPOP_VECTORS } from './vectors_dpop.ts';
import { MESSAGE_SIGNATURE_VECTORS } from './vectors_message_signature.ts';
import type { Vector } from './vector.ts';

export const VECTORS: readonly Vector[] = [
  ...DPOP_VECTORS,
  ...MESSAGE_SIGNATURE_VECTORS,
  ...AGENT_ID_VECTORS,
];

/** Runs the list, reports each failure, and answers with how many passed. */
export async function runVectors(report: (line: string) => void): Promise<number> {
  let passed = 0;
  for (const { name, run } of VECTORS) {
    try {
      await run();
      passed++;
    } catch (error) {
      report(`FAIL ${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  report(`PASSED ${passed} of ${VECTORS.length}`);
  return passed;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Timer } from '../../src/ports.ts';

/** The timer of this machine. */
export const timer: Timer = {
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

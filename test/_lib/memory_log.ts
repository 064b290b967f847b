import type { Log } from '../../src/ports.ts';

/** A log in memory, which tests may change behind everybody's back. */
export interface MemoryLog extends Log {
  lines: string[];
  head: string | undefined;
  torn: string;
  /** Under which names content was set aside. */
  readonly aside: string[];
  /** What the next append does instead of appending. */
  failure: Error | undefined;
  /** How often it was opened. */
  opened: number;
}

/** Each use looks like the first of a new process, unless `remembers` is set. */
export function createMemoryLog(remembers = false): MemoryLog {
  let left: string | undefined;
  let queue: Promise<void> = Promise.resolve();
  const state = () => JSON.stringify([log.lines, log.head, log.torn]);
  const log: MemoryLog = {
    lines: [],
    head: undefined,
    torn: '',
    aside: [],
    failure: undefined,
    opened: 0,
    async open() {
      log.opened++;
      const before = queue;
      let release = () => {};
      queue = new Promise((resolve) => release = resolve);
      await before;
      return {
        isAsLeft: remembers && left === state(),
        readEnd: () => ({ headLine: log.head, lastLine: log.lines.at(-1), tornBytes: log.torn.length }),
        async append(lines, sealHead) {
          if (log.failure) throw log.failure;
          log.torn = '';
          log.lines.push(...lines);
          log.head = await sealHead(log.lines[0]!);
          left = state();
        },
        async setAside() {
          const name = `aside-${log.aside.length + 1}`;
          log.aside.push(name);
          log.lines = [];
          log.head = undefined;
          log.torn = '';
          return name;
        },
        async close() {
          release();
        },
      };
    },
    async read() {
      const lines = [...log.lines];
      return {
        headLine: log.head,
        tornBytes: log.torn.length,
        lines: (async function* () {
          yield* lines;
        })(),
      };
    },
    readLast: async (count) => log.lines.slice(-count),
    async *follow() {},
  };
  return log;
}

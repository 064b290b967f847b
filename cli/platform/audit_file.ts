import { appendFileSync, mkdirSync } from 'node:fs';
export function createAuditFile({ home }: { home: string; key: unknown; clock: unknown }) {
  return {
    write(event: object): Promise<void> {
      mkdirSync(`${home}/logs`, { recursive: true, mode: 0o700 });
      appendFileSync(`${home}/logs/audit.jsonl`, JSON.stringify(event) + '\n', { mode: 0o600 });
      return Promise.resolve();
    },
    tail: () => Promise.resolve([] as Record<string, unknown>[]),
    verify: () => Promise.resolve({ records: 0 }),
  };
}

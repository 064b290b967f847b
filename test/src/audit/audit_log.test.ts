import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createAuditFile } from '../../../cli/platform/audit_file.ts';
import { createAuditLog } from '../../../src/audit/audit_log.ts';
import { createMac } from '../../../src/audit/chain.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { fixedClock } from '../../_lib/fixture.ts';

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'sig-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const log = createAuditFile({ folder, lease: () => Promise.resolve({ release: () => Promise.resolve() }) });
  const key = randomBytes(32);
  return { folder, audit: createAuditLog(log, () => createMac(key), fixedClock()) };
}

test('tail() gives the last records, oldest first', async () => {
  const { audit } = await setUp();
  for (let i = 0; i < 50; i++) await audit.write({ event: 'inject', provider: `p${i}` });
  expect((await audit.tail(3)).map(({ seq, provider }) => [seq, provider])).toEqual([[48, 'p47'], [49, 'p48'], [
    50,
    'p49',
  ]]);
  expect(await audit.tail(1000)).toHaveLength(50);
});

test('R16: verify() counts the records, and names the first that was changed', async () => {
  const { audit, folder } = await setUp();
  for (let i = 0; i < 5; i++) await audit.write({ event: 'inject', provider: 'p' });
  expect(await audit.verify()).toEqual({ records: 5, recoveries: 0 });
  const path = join(folder, 'audit.jsonl');
  const lines = (await readFile(path, 'utf8')).split('\n');
  lines[3] = lines[3]!.replace('"p"', '"q"');
  await writeFile(path, lines.join('\n'));
  await expect(audit.verify()).rejects.toMatchObject({
    code: 'E_AUDIT_TAMPER',
    message: expect.stringContaining('line 4'),
    hint: 'the 3 records before it are good',
  });
});

test('follow() gives records as they are written, until the signal', async () => {
  const { audit } = await setUp();
  await audit.write({ event: 'before' });
  const ended = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const record of audit.follow(ended.signal)) {
      seen.push(record.event);
      if (seen.length === 2) ended.abort();
    }
  })();
  await audit.write({ event: 'one' });
  await audit.write({ event: 'two' });
  await following;
  expect(seen).toEqual(['one', 'two']);
});

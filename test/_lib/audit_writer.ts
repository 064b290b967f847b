/**
 * A process that writes audit records until it is told to stop or killed, and exits at once behind the last one.
 *
 * Arguments: home, key in hexadecimal, name, how many records, and `busy` for a log that is kept open.
 *
 * @module
 */

import process from 'node:process';
import { createAuditFile } from '../../cli/platform/audit_file.ts';
import { createFolderStore } from '../../cli/platform/folder_store.ts';
import { createHashMac } from '../../cli/platform/hash_mac.ts';
import { createAuditLog } from '../../src/audit/audit_log.ts';
import { decodeHex } from '../../src/encoding/hex.ts';

const [home, key, name, count, busy] = process.argv.slice(2) as [string, string, string, string, string?];
const store = createFolderStore(home);
const lease = () => store.lease('logs/audit');
const log = createAuditLog(
  createAuditFile({ folder: `${home}/logs`, lease, maxBytes: 20_000, isBusy: busy === 'busy' }),
  () => Promise.resolve(createHashMac(decodeHex(key))),
  { now: () => Date.now() },
);
for (let number = 0; number < Number(count); number++) {
  await log.write({ event: 'inject', writer: name, number });
  // What was acknowledged must be in the log, whatever happens now.
  process.stdout.write(`${name} ${number}\n`);
}
process.exit();

/**
 * A program that makes two requests, one after the other, and has nothing else to do: for tests of how it ends.
 * Arguments: a URL, and the file of its CA.
 */

import process from 'node:process';
import { createSend } from '../../cli/platform/send.ts';
import { parseUrl } from '../../src/target/target.ts';

const [, , url, caFile] = process.argv;
const send = createSend({ env: () => undefined });
for (let i = 0; i < 2; i++) {
  const { status, body } = await send({ method: 'GET', headers: [], ...parseUrl(url!) }, null, {
    allowPrivate: true,
    caFile,
  });
  let length = 0;
  for await (const bytes of body ?? []) length += bytes.length;
  console.log(`${status} ${length}`);
}
const doneAt = performance.now();
process.on('exit', () => console.log(performance.now() - doneAt < 1_000 ? 'ended at once' : 'ended late'));

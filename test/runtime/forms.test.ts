import { afterAll, beforeAll, describe, test } from 'vitest';
import { makeTempFolder, type TempFolder } from '../_lib/temp_folder.ts';
import { FORM_CASES } from './forms_cases.ts';
import { type FormServer, type FormWorld, makeFormWorld, startFormServer } from './forms_lab.ts';
import { FORMS, type Found } from './forms_list.ts';
import { GUARD_CASES } from './proxy_guard_cases.ts';
import { type ProxyWorld, startProxyWorld } from './proxy_lab.ts';
import { MESSAGE_CASES } from './proxy_message_cases.ts';

let lab: FormServer;
const folders: TempFolder[] = [];
/** All are made at once: what compiles or installs need not be waited for where there is something to test. */
const made = new Map<string, Promise<Found>>();

beforeAll(async () => {
  lab = await startFormServer();
  for (const [name, make] of Object.entries(FORMS)) {
    const folder = await makeTempFolder();
    folders.push(folder);
    const form = make(folder.path);
    form.catch(() => {}); // Whoever waits for it says so.
    made.set(name, form);
  }
  return async () => {
    await Promise.allSettled(made.values());
    for (const folder of folders) await folder.remove();
    await lab.server.close();
  };
});

describe.each(Object.keys(FORMS))('%s', (name) => {
  let world: FormWorld | undefined;
  let proxy: ProxyWorld | undefined;
  let reason = '';

  beforeAll(async () => {
    const found = await made.get(name)!;
    if ('reason' in found) reason = found.reason;
    else {
      world = await makeFormWorld(found, lab);
      proxy = await startProxyWorld(found);
    }
  }, 300_000);

  afterAll(async () => {
    await world?.close();
    await proxy?.close();
  });

  test.for(Object.entries({ ...MESSAGE_CASES, ...GUARD_CASES }))(
    'proxy, byte for byte: %s',
    async ([, run], { skip }) => {
      if (proxy === undefined) skip(reason || 'this form could not be made');
      await run(proxy!, world!.form);
    },
  );

  test.for(Object.entries(FORM_CASES))('%s', async ([, run], { skip }) => {
    if (world === undefined) skip(reason || 'this form could not be made');
    await run(world!, skip);
  });
});

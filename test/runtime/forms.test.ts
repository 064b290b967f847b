import { afterAll, beforeAll, describe, test } from 'vitest';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { FORM_CASES } from './forms_cases.ts';
import { type FormServer, type FormWorld, makeFormWorld, startFormServer } from './forms_lab.ts';
import { FORMS } from './forms_list.ts';
import { GUARD_CASES } from './proxy_guard_cases.ts';
import { type ProxyWorld, startProxyWorld } from './proxy_lab.ts';
import { MESSAGE_CASES } from './proxy_message_cases.ts';

let lab: FormServer;
beforeAll(async () => {
  lab = await startFormServer();
  return lab.server.close;
});

describe.each(Object.entries(FORMS))('%s', (_name, make) => {
  let world: FormWorld | undefined;
  let proxy: ProxyWorld | undefined;
  let reason = '';
  let clean = () => Promise.resolve();

  beforeAll(async () => {
    const folder = await makeTempFolder();
    clean = folder.remove;
    const found = await make(folder.path);
    if ('reason' in found) reason = found.reason;
    else {
      world = await makeFormWorld(found, lab);
      proxy = await startProxyWorld(found);
    }
  }, 300_000);

  afterAll(async () => {
    await world?.close();
    await proxy?.close();
    await clean();
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

// `dpop: true` together with the grants that a person takes part in, at oidc-provider.
import { expect, test } from 'vitest';
import { listenForRedirect } from '../../cli/platform/loopback_redirect.ts';
import { createSend } from '../../cli/platform/send.ts';
import { jwkThumbprint } from '../../src/encoding/jwk_thumbprint.ts';
import { login } from '../../src/login/login.ts';
import { createRenewal } from '../../src/login/renew.ts';
import type { Invitation } from '../../src/ports.ts';
import { makeOAuthProvider, memoryAudit, memoryCredentials } from '../_lib/fixture.ts';
import { useIssuer } from '../_lib/lab.ts';
import type { IssuerOptions } from '../_lib/oidc.ts';
import { quickTimer } from '../_lib/timer.ts';
import { walk } from '../_lib/walk.ts';

const nobody = { line: () => expect.fail(), secret: () => expect.fail(), confirm: () => expect.fail() };

test.each<['authorization_code' | 'device_code', IssuerOptions]>([
  ['authorization_code', { pushed: 'off' }],
  ['authorization_code', { pushed: 'required', requiresDpopNonce: true }],
  ['device_code', { requiresDpopNonce: true }],
])('D1: a login by %s (%j) is bound to a key, and so is what renews it', async (grant, options) => {
  const issuer = await useIssuer({ ...options, dpop: true });
  const provider = makeOAuthProvider({
    caFile: issuer.caFile,
    oauth2: {
      issuer: issuer.issuer,
      clientId: issuer.nativeClientId,
      grant,
      dpop: true,
      scopes: ['openid', 'offline_access', 'read:data'],
    },
  });
  const seen: URLSearchParams[] = [];
  const browsing: Promise<unknown>[] = [];
  const invite = async ({ url, code }: Invitation) => {
    seen.push(new URL(url).searchParams);
    if (code === undefined) browsing.push(walk(url, { caPem: issuer.caPem }));
    else await issuer.approveDevice(code);
  };
  const clock = { now: () => Date.now() };
  const ports = { send: createSend({ env: () => undefined }), clock, env: () => undefined };
  const { credential } = await login(provider, {
    ...ports,
    credentials: await memoryCredentials(),
    audit: memoryAudit(),
    prompt: nobody,
    person: { timer: quickTimer(), listen: listenForRedirect, invite },
  });
  await Promise.all(browsing);
  const jkt = await jwkThumbprint(credential.keys!.dpop!.reveal());
  if (grant === 'authorization_code') expect(seen[0]!.get('dpop_jkt')).toBe(options.pushed === 'off' ? jkt : null);
  const renewed = await createRenewal(ports)(provider, credential);
  expect(await jwkThumbprint(renewed.keys!.dpop!.reveal())).toBe(jkt);
  expect(renewed.values.access_token!.reveal()).not.toBe(credential.values.access_token!.reveal());
});

import type { Credential } from '../credential/credential.ts';
import { SigError } from '../errors.ts';
import {
  buildDeviceAuthorization,
  buildDevicePoll,
  DEVICE_ANSWERS,
  processDeviceAuthorization,
} from '../oauth/device_code.ts';
import { pollDevice } from '../oauth/poll_device.ts';
import { processTokenAnswer } from '../oauth/token_response.ts';
import type { Provider } from '../provider/provider.ts';
import { acceptTokens, sendToServer } from './oauth2.ts';
import type { PersonLogin, PersonLoginPorts } from './person.ts';

/** How long a person is waited for at most, in milliseconds: they may have to fetch the other device. */
const PERSON_MS = 900_000;

/**
 * Obtains tokens by a device code: the person signs in on any device (RFC 8628).
 *
 * @throws {SigError} as `obtainWithPerson` says
 */
export async function obtainByDevice(
  provider: Provider,
  { metadata, client, scopes, audience }: PersonLogin,
  ports: PersonLoginPorts,
): Promise<Credential> {
  const { allowHttp } = provider;
  const endpoint = metadata.deviceAuthorizationEndpoint;
  if (endpoint === undefined) {
    throw new SigError('E_TOKEN_RESPONSE', `Issuer ${metadata.issuer} has no device grant`, {
      hint: 'set "grant: authorization_code"',
      provider: provider.id,
    });
  }
  const asked = buildDeviceAuthorization({ endpoint, client, scopes, audience, allowHttp });
  const device = await processDeviceAuthorization(await sendToServer(provider, asked, ports), provider.id);
  const timeoutMs = Math.min(PERSON_MS, device.expiresInSec * 1000);
  await ports.invite({
    url: device.completeUrl ?? device.verificationUrl,
    code: device.userCode,
    endsAtMs: ports.clock.now() + timeoutMs,
  });
  const tokenUrl = metadata.tokenEndpoint;
  const tokens = await pollDevice(device, {
    ...ports,
    timeoutMs,
    hint: `the login that was there before is kept; try again: sig login ${provider.id}`,
    ask: async () => {
      const poll = buildDevicePoll({ tokenUrl, client, deviceCode: device.deviceCode, audience, allowHttp });
      return await processTokenAnswer(await sendToServer(provider, poll, ports), provider.id, DEVICE_ANSWERS);
    },
  });
  return acceptTokens(provider, tokens, {
    client,
    tokenUrl,
    revocationUrl: metadata.revocationEndpoint,
    nowSec: Math.floor(ports.clock.now() / 1000),
  });
}

/**
 * Puts `sig doctor probe` together: a server, a private proxy in front of it, and a login made for the occasion.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCredentials } from '../src/credential/credentials.ts';
import { encodeBase64url } from '../src/encoding/base64url.ts';
import { randomBytes } from '../src/encoding/bytes.ts';
import { SigError } from '../src/errors.ts';
import type { Clock } from '../src/ports.ts';
import { bindingOf } from '../src/provider/binding.ts';
import { parseConfig } from '../src/config/parse.ts';
import { proxyEnvironment } from '../src/proxy/child_environment.ts';
import { createLeafIssuer, mintAuthority } from '../src/proxy/leaf_issuer.ts';
import { Secret } from '../src/secret.ts';
import { loadProviders } from '../src/sig/load_providers.ts';
import { createMemoryStore } from '../src/vault/memory_store.ts';
import { createVault } from '../src/vault/vault.ts';
import type { Finding } from './command/command.ts';
import { startProxy } from './compose_proxy.ts';
import { probePrograms, startProbeServer } from './platform/probe.ts';

/**
 * Says which programs of this machine work through the proxy. The sig home is not looked at, and nothing leaves
 * the machine.
 *
 * @param parent folder for the files of the probe. Default: the system's for temporary ones
 */
export async function probeMachine(clock: Clock, parent: string = tmpdir()): Promise<Finding[]> {
  const folder = mkdtempSync(join(parent, 'sig-probe-'));
  const ends: (() => Promise<void>)[] = [];
  try {
    const token = encodeBase64url(randomBytes(24));
    const { authority } = await mintAuthority(['localhost'], hostname(), clock, 86_400);
    const issuer = createLeafIssuer(authority, clock);
    const caFile = join(folder, 'server.pem');
    writeFileSync(caFile, issuer.certificatesPem, { mode: 0o600 });
    const server = await startProbeServer(await issuer.issue('localhost'), `Bearer ${token}`);
    ends.push(server.close);

    const env = (name: string) => name === 'SIG_EXTRA_CA' ? caFile : undefined;
    // The proxy watches it.
    const configPath = join(folder, 'config.yaml');
    writeFileSync(configPath, configFor(server.port), { mode: 0o600 });
    const providers = await loadProviders(parseConfig(configFor(server.port)), configPath, env);
    const [provider] = providers.all;
    const key = randomBytes(32);
    const vault = createVault({
      store: createMemoryStore(),
      id: encodeBase64url(randomBytes(16)),
      key: () => Promise.resolve(key),
    });
    const credentials = createCredentials(vault);
    await credentials.seal({
      provider: provider!.id,
      strategy: provider!.strategy,
      obtainedAtSec: Math.floor(clock.now() / 1000),
      values: { token: new Secret(token) },
      binding: bindingOf(provider!),
    });
    const parts = { home: folder, configPath, env, clock, providers, vault, credentials };
    const renew = () => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'The server of the probe refused its login'));
    const session = await startProxy({ ...parts, audit: { write: () => Promise.resolve() }, renew }, { ca: 'session' });
    ends.push(session.stop);
    return await probePrograms(server, proxyEnvironment(session.child()));
  } finally {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function configFor(port: number): string {
  return `providers:
  probe:
    domains: ['localhost:${port}']
    strategy: prompt
    extract: [{ from: prompt, as: token, match: 'A token' }]
    apply: [{ in: header, name: Authorization, value: 'Bearer \${token}' }]
`;
}

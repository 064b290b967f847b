// An agent's identity where there is nothing but web standards: a login by device, then a signed call.
import {
  callService,
  createAgent,
  createMemoryStore,
  createVault,
  parseManifest,
  renderCapabilities,
  sendByFetch,
} from '../../src/agent_id/mod.ts';
import { createReplayStore, verifyProof } from '../../src/dpop/mod.ts';
import { parseUrl } from '../../src/target/target.ts';
import { EXAMPLE_MANIFEST } from '../_lib/manifest.ts';
import { same, type Vector } from './vector.ts';

const ISSUER = 'https://as.example';
const API = 'https://notes.example';
const METADATA = {
  issuer: ISSUER,
  token_endpoint: `${ISSUER}/token`,
  device_authorization_endpoint: `${ISSUER}/device`,
  dpop_signing_alg_values_supported: ['ES256'],
};
const DEVICE = { device_code: 'd', user_code: 'ABCD', verification_uri: `${ISSUER}/go`, expires_in: 60, interval: 1 };
const TOKENS = { access_token: 'token-1', token_type: 'DPoP', expires_in: 600 };

/** Authorization server and API in one function. */
function createServers(faults: string[]) {
  const replays = createReplayStore();
  let jkt = '';
  return async (url: string, { method = 'GET', headers }: RequestInit): Promise<Response> => {
    if (url.endsWith('/.well-known/openid-configuration')) return Response.json(METADATA);
    if (url === DEVICE.verification_uri) throw new Error('a link is never opened');
    if (url === METADATA.device_authorization_endpoint) return Response.json(DEVICE);
    const fields = new Headers(headers);
    const token = url === METADATA.token_endpoint ? undefined : { accessToken: TOKENS.access_token, jkt };
    const verdict = await verifyProof(fields.get('dpop'), { method, url, replays, token });
    faults.push(verdict.ok ? 'none' : verdict.fault);
    if (verdict.ok) jkt = verdict.jkt;
    if (token === undefined) return Response.json(TOKENS);
    return Response.json({ method, authorization: fields.get('authorization') });
  };
}

export const AGENT_ID_VECTORS: readonly Vector[] = [
  {
    name: 'agent-id: a login by device, and a signed call',
    async run() {
      const faults: string[] = [];
      const ports = {
        send: sendByFetch(createServers(faults)),
        // A poll comes at once, a time limit never.
        timer: { wait: (ms: number) => ms <= 5_000 ? Promise.resolve() : new Promise<void>(() => {}) },
        clock: { now: () => Date.now() },
      };
      const key = crypto.getRandomValues(new Uint8Array(32));
      const vault = createVault({
        store: createMemoryStore(),
        id: 'agent-agent-agent-agen',
        key: () => Promise.resolve(key),
      });
      const agent = createAgent(vault, ports);
      const shown: string[] = [];
      await agent.bootstrap({
        profile: 'standard',
        issuer: ISSUER,
        clientId: 'agent',
        show: (link) => Promise.resolve(void shown.push(link)),
      });
      await agent.allow([API]);
      const result = await agent.withSigning((signing) => callService({ url: `${API}/n?x` }, signing, ports));
      same(shown, [DEVICE.verification_uri]);
      same([result.status, result.body], [200, { method: 'GET', authorization: 'DPoP token-1' }]);
      same(faults, ['none', 'none']);
    },
  },
  {
    name: 'agent-id: a manifest as Markdown',
    run() {
      const manifest = parseManifest(JSON.stringify(EXAMPLE_MANIFEST), { service: parseUrl(API).target });
      const text = renderCapabilities(manifest, API);
      same([text.includes('listNotes'), text.includes('deleteNote')], [true, true]);
    },
  },
];

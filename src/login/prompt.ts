import type { Credential } from '../credential/credential.ts';
import { SigError } from '../errors.ts';
import type { Clock, Prompt } from '../ports.ts';
import { bindingOf } from '../provider/binding.ts';
import type { Provider } from '../provider/provider.ts';
import type { Secret } from '../secret.ts';

/**
 * Obtains a credential by asking a person for each value, hidden while typed.
 *
 * @throws {SigError} E_LOGIN_FAILED when an answer is empty or cannot be a header value; E_TTY without a terminal
 */
export async function obtainPrompt(provider: Provider, ports: { prompt: Prompt; clock: Clock }): Promise<Credential> {
  const values: Record<string, Secret> = {};
  for (const rule of provider.extract) {
    if (rule.from !== 'prompt') continue;
    values[rule.as] = requirePasted(await ports.prompt.secret(rule.match ?? `Enter ${rule.as}`), rule.as, provider.id);
  }
  const nowSec = Math.floor(ports.clock.now() / 1000);
  const { ttlSec } = provider.config;
  return {
    provider: provider.id,
    strategy: 'prompt',
    obtainedAtSec: nowSec,
    ...(ttlSec === undefined ? {} : { expiresAtSec: nowSec + ttlSec }),
    values,
    binding: bindingOf(provider),
  };
}

/** What a clipboard adds around a token is not part of it; what cannot be sent is refused here, not at use. */
function requirePasted(answer: Secret, as: string, providerId: string): Secret {
  const text = answer.reveal();
  if (text !== '' && text.trim() === text && /^[\x20-\x7e\x80-\xff]+$/.test(text)) return answer;
  const why = text === '' ? 'is empty' : 'has line breaks, surrounding blanks or characters that cannot be sent';
  throw new SigError('E_LOGIN_FAILED', `The value for "${as}" ${why}`, { provider: providerId });
}

import type { ParsedRequest } from '../../../src/http1/message.ts';
import { SigError } from '../../../src/errors.ts';
import { withFraming } from '../../../src/http1/forward.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import { readAll } from '../../../src/encoding/read_all.ts';
import { asProxyError, type Client, type Turn } from './client.ts';

/** Largest answer of the control API, in bytes. */
const MAX_ANSWER = 4 * 1024 * 1024;

/**
 * Answers a request to the proxy itself. A body is not read: no request of the control API has one.
 *
 * @param authority what `Host` must be, exactly (security case P6)
 */
export function answerControl(
  request: ParsedRequest,
  client: Client,
  authorities: readonly string[],
  control: (request: Request) => Promise<Response>,
): Turn {
  let isGone = false;

  async function answer(): Promise<void> {
    if (request.target.form !== 'origin' || request.host === undefined || !authorities.includes(request.host)) {
      throw new SigError('E_TARGET', 'A request to a proxy must name its host', {
        hint: 'this is a proxy: see "sig proxy env"',
      });
    }
    const headers = new Headers();
    for (const [name, value] of request.fields) headers.append(name, value);
    const url = `http://${request.host}${request.target.path}`;
    // TRACE and the like cannot be said with a Request.
    if (!/^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS)$/.test(request.method)) {
      throw new SigError('E_METHOD', `Method ${request.method} is not passed on here`);
    }
    const response = await control(new Request(url, { method: request.method, headers }));
    const body = await readAll(response.body ?? [], MAX_ANSWER) ?? new Uint8Array(0);
    if (isGone) return;
    const fields: [string, string][] = [];
    response.headers.forEach((value, name) => fields.push([name, value]));
    const isWhole = request.framing.kind === 'none';
    const framed = withFraming([...fields, ['Connection', 'close']], { kind: 'length', length: body.length });
    client.write(writeResponseHead(response.status, response.statusText, framed));
    if (isWhole && request.method !== 'HEAD') client.write(body);
    client.finish(false);
  }

  answer().catch((error) => {
    if (!isGone) client.refuse(asProxyError(error));
  });
  return {
    isReady: () => true,
    body() {},
    end() {},
    drain() {},
    abort() {
      isGone = true;
    },
  };
}

import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { SigError } from '../../src/errors.ts';
import type { Send, WireResponse } from '../../src/ports.ts';
import { authorityOf, type Target } from '../../src/target/target.ts';

/** Creates the `Send` port over node:https. */
export function createSend(options: { env: (name: string) => string | undefined }): Send {
  const authorities = new Map<string, string[]>();
  const trusted = (caFile: string | undefined): string[] => {
    const files = [caFile, ...['SIG_EXTRA_CA', 'NODE_EXTRA_CA_CERTS'].map(options.env)].filter((file) =>
      file !== undefined && file !== ''
    );
    const key = files.join('\0');
    const known = authorities.get(key);
    if (known) return known;
    const read = [...rootCertificates, ...files.map((file) => readFileSync(file!, 'utf8'))];
    authorities.set(key, read);
    return read;
  };
  return (head, body, sendOptions = {}) =>
    new Promise((resolve, reject) => {
      const { target } = head;
      const wire: RequestOptions & { ca?: string[] } = {
        method: head.method,
        host: target.host.replace(/^\[|\]$/g, ''),
        port: target.port,
        path: head.path,
        headers: head.headers.flat() as unknown as Record<string, string>,
        setHost: false,
        agent: false,
        ...(target.scheme === 'https' ? { ca: trusted(sendOptions.caFile) } : {}),
      };
      const request = (target.scheme === 'https' ? httpsRequest : httpRequest)(wire);
      const timeoutMs = sendOptions.timeoutMs ?? 30_000;
      const timer = setTimeout(() => {
        request.destroy(new SigError('E_TIMEOUT', `No answer from ${authorityOf(target)} within ${timeoutMs} ms`));
      }, timeoutMs);
      request.on('error', (error) => {
        clearTimeout(timer);
        reject(toSigError(error, target));
      });
      request.on('response', (response) => {
        clearTimeout(timer);
        resolve(toWire(response));
      });
      void (async () => {
        try {
          for await (const chunk of body ?? []) {
            if (!request.write(chunk)) await new Promise((drained) => request.once('drain', drained));
          }
          request.end();
        } catch (error) {
          request.destroy(error as Error);
        }
      })();
    });
}

function toWire(response: IncomingMessage): WireResponse {
  const headers: [string, string][] = [];
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    headers.push([response.rawHeaders[i]!, response.rawHeaders[i + 1]!]);
  }
  return { status: response.statusCode!, reason: response.statusMessage ?? '', headers, body: response };
}

function toSigError(error: NodeJS.ErrnoException, target: Target): SigError {
  if (error instanceof SigError) return error;
  const where = authorityOf(target);
  const code = error.code ?? 'unknown failure';
  if (/CERT|SIGNATURE|SSL|TLS|ISSUER/.test(code)) {
    return new SigError('E_UPSTREAM_TLS', `Certificate of ${where} is not trusted: ${code}`, {
      hint: 'for a private CA, set "caFile" on the provider or SIG_EXTRA_CA',
      cause: error,
    });
  }
  return new SigError('E_UPSTREAM', `Cannot reach ${where}: ${code}`, { cause: error });
}

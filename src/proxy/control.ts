import { Hono } from 'hono';
import { HELP_FIELDS, HELP_PAGE } from './help_page.ts';

/** What the control API shows and does. */
export interface ControlPorts {
  /** Whether a token is the session's. */
  readonly isToken: (token: string) => boolean;
  /** PEM of the CAs. */
  readonly certificatesPem: () => string;
  /** Facts for `sig proxy status`. */
  readonly status: () => Readonly<Record<string, unknown>>;
  /** Counters in the text format of Prometheus. */
  readonly metrics: () => string;
  /** Forgets logins and keys until they are needed again. */
  readonly lock: () => void;
  /** Begins to stop. */
  readonly stop: () => void;
}

/**
 * The control API of a proxy: a `fetch` function. Nothing that a browser sends is answered, whatever
 * token it has: a page of the web must not reach it (security case P6). The one exception is the help
 * page, for a person who typed the address: it is the same everywhere and holds nothing.
 *
 * @returns the function; the caller has checked `Host`
 */
export function createControl(ports: ControlPorts): (request: Request) => Promise<Response> {
  const app = new Hono();
  app.get(
    '/',
    (context, next) => isTyped(context.req.raw.headers) ? context.html(HELP_PAGE, 200, HELP_FIELDS) : next(),
  );
  app.use(async (context, next) => {
    const { headers } = context.req.raw;
    for (const name of ['origin', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'cookie']) {
      if (headers.has(name)) return context.json({ code: 'E_PROXY_AUTH', detail: 'Browsers are not answered' }, 403);
    }
    const token = /^Bearer ([\w-]+)$/.exec(headers.get('authorization') ?? '')?.[1];
    if (token === undefined || !ports.isToken(token)) {
      return context.json({ code: 'E_PROXY_AUTH', detail: 'This is a proxy: see "sig proxy env"' }, 403);
    }
    await next();
  });
  app.get('/status', (context) => context.json(ports.status()));
  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get(
    '/metrics',
    (context) => context.body(ports.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.get(
    '/ca.pem',
    (context) => context.body(ports.certificatesPem(), 200, { 'content-type': 'application/x-pem-file' }),
  );
  app.post('/lock', (context) => {
    ports.lock();
    return context.json({ locked: true });
  });
  app.post('/stop', (context) => {
    ports.stop();
    return context.json({ stopping: true });
  });
  app.notFound((context) => context.json({ code: 'E_TARGET', detail: 'There is nothing here' }, 404));
  return async (request) => await app.fetch(request);
}

/** Whether no page asks: a program does, or a person who typed the address (Fetch Metadata, `Sec-Fetch-Site: none`). */
function isTyped(headers: Headers): boolean {
  return !headers.has('origin') && (headers.get('sec-fetch-site') ?? 'none') === 'none' &&
    (headers.get('sec-fetch-dest') ?? 'document') === 'document';
}

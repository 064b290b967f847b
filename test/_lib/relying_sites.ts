/**
 * Web sites as they are out there, for logins by browser: an identity provider and sites that rely
 * on it, each with the habits that make logins hard to tell from visits.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { parseTotp, totpCode } from '../../src/credential/totp.ts';
import type { Site } from './sites.ts';
import type { Answer, ReceivedRequest } from './tls_server.ts';

/** The cookies of a request. */
export function cookiesOf(request: ReceivedRequest): Map<string, string> {
  const pairs = (request.header('cookie') ?? '').split('; ').map((pair) => pair.split('=', 2) as [string, string]);
  return new Map(pairs);
}

/** The fields of a form or query. */
function fieldsOf(request: ReceivedRequest): URLSearchParams {
  return request.method === 'POST'
    ? new URLSearchParams(request.body.toString())
    : new URL(request.path, 'https://x').searchParams;
}

/** A page that sets a cookie for visitors, as every site does. */
export function html(body: string, headers: readonly (readonly [string, string])[] = [], status = 200): Answer {
  return {
    status,
    headers: [
      ['Content-Type', 'text/html'],
      ['Set-Cookie', `_ga=${randomBytes(4).toString('hex')}; Path=/; Max-Age=63072000`],
      ['Set-Cookie', `visitor=${randomBytes(4).toString('hex')}; Path=/; Secure; HttpOnly; Max-Age=1800`],
      ...headers,
    ],
    body: `<!doctype html><meta charset="utf-8"><title>x</title>${body}`,
  };
}

/** A redirect with the visitors' cookie. */
export function redirect(to: string, headers: readonly (readonly [string, string])[] = []): Answer {
  const { headers: visitor = [] } = html('', headers);
  return { status: 302, headers: [...visitor as [string, string][], ['Location', to]] };
}

const setSession = (name: string, value: string, more = ''): [string, string] => [
  'Set-Cookie',
  `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${more}`,
];

const ROBOT = `<script>setTimeout(() => {
  document.querySelector('[type=password]').value = 'right';
  document.querySelector('form').submit();
}, 400)</script>`;

/** An identity provider: a session of its own, tickets for sites, perhaps a one-time code. */
export interface IdentityProvider {
  readonly site: Site;
  /** Spends a ticket. */
  redeem(ticket: string | null): boolean;
  /** Ends the person's session there. */
  forget(): void;
  /** Passwords and codes that were typed. */
  readonly typed: string[];
}

/**
 * Creates one. Its session cookie has no expiry, as that of most.
 *
 * @param options with `signsInByItself` a script in the page types the password, for tests in which
 * no person can be put in front of the browser
 */
export function createIdentityProvider(
  options: { readonly totp?: string; readonly signsInByItself?: boolean } = {},
): IdentityProvider {
  let session = '';
  const tickets = new Set<string>();
  const typed: string[] = [];
  const goOn = (back: string): Answer => {
    const ticket = randomBytes(8).toString('hex');
    tickets.add(ticket);
    const url = new URL(back);
    url.searchParams.set('ticket', ticket);
    return redirect(url.href, [setSession('idp', session)]);
  };
  return {
    typed,
    redeem: (ticket) => ticket !== null && tickets.delete(ticket),
    forget: () => void (session = ''),
    async site(request) {
      const fields = fieldsOf(request);
      const back = fields.get('back') ?? '';
      const form = (field: string) =>
        html(`<form method="post"><input type="hidden" name="back" value="${back}">${field}<button>Go</button></form>`);
      const { pathname } = new URL(request.path, 'https://x');
      if (pathname === '/sso' && request.method === 'GET') {
        if (session !== '' && cookiesOf(request).get('idp') === session) return goOn(back);
        return form(
          `<input name="user"><input type="password" name="password">${options.signsInByItself ? ROBOT : ''}`,
        );
      }
      if (fields.has('password')) {
        typed.push(fields.get('password')!);
        if (fields.get('password') !== 'right') return form('<p>Wrong</p><input type="password" name="password">');
        if (options.totp !== undefined) return form('<input name="otp" autocomplete="one-time-code" maxlength="6">');
      } else if (fields.has('otp')) {
        typed.push(fields.get('otp')!);
        const expected = await totpCode(parseTotp(options.totp!), Date.now() / 1000);
        if (fields.get('otp') !== expected) return form('<p>Wrong</p><input name="otp" autocomplete="one-time-code">');
      } else return { status: 404 };
      session = randomBytes(8).toString('hex');
      return goOn(back);
    },
  };
}

/** A site behind single sign-on, and what it knows. */
export interface RelyingSite {
  readonly site: Site;
  /** Begins a session and gives its cookie's value. */
  openSession(): string;
  /** Ends all its sessions. */
  logOutAll(): void;
  readonly sessions: ReadonlySet<string>;
}

/**
 * A site that sends strangers to an identity provider, and lets them in with its ticket.
 *
 * @param rotates whether each answer ends the session cookie and gives a new one
 */
export function createRelyingSite(
  origin: string,
  idp: IdentityProvider,
  options: { readonly rotates?: boolean; readonly maxAgeSec?: number; readonly hop?: 'script' | 'meta' | 'post' } = {},
): RelyingSite {
  const sessions = new Set<string>();
  const age = options.maxAgeSec === undefined ? '' : `; Max-Age=${options.maxAgeSec}`;
  const openSession = (): string => {
    const sid = randomBytes(16).toString('hex');
    sessions.add(sid);
    return sid;
  };
  const begin = (): [string, string] => setSession('sid', openSession(), age);
  return {
    openSession,
    sessions,
    logOutAll: () => sessions.clear(),
    site(request) {
      const { pathname, searchParams } = new URL(request.path, 'https://x');
      if (pathname === '/cb') {
        if (!idp.redeem(searchParams.get('ticket'))) return html('no', [], 400);
        const home = [begin()];
        if (options.hop === 'script') return html(`<script>location.replace('/')</script>`, home);
        if (options.hop === 'meta') return html('<meta http-equiv="refresh" content="0; url=/">', home);
        return redirect(`${origin}/`, home);
      }
      const sid = cookiesOf(request).get('sid') ?? '';
      const isKnown = sessions.has(sid);
      if (isKnown && options.rotates) sessions.delete(sid);
      const rotated = isKnown && options.rotates ? [begin()] : [];
      if (pathname === '/api/me') return isKnown ? { headers: rotated, body: { name: 'person' } } : { status: 401 };
      if (isKnown) return html('<h1>Welcome</h1>', rotated);
      return redirect(`https://idp.corp.test/sso?back=${encodeURIComponent(`${origin}/cb`)}`);
    },
  };
}

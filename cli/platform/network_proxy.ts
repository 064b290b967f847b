import { Buffer } from 'node:buffer';
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SigError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { canonicalHost, hostKind } from '../../src/target/host.ts';

/** A proxy on the way to the network. */
export interface NetworkProxy {
  /** `socks5h` lets the proxy resolve names, `socks5` resolves them here. */
  readonly kind: 'http' | 'https' | 'socks5' | 'socks5h';
  /** Canonical host. */
  readonly host: string;
  readonly port: number;
  readonly login?: { readonly user: string; readonly password: Secret };
}

/** What dialling through a proxy may be told. */
export interface DialOptions {
  /** Milliseconds until the way is open. Default 30,000. */
  readonly timeoutMs?: number;
  /** PEM certificates to trust besides the system's, for an `https` proxy. */
  readonly ca?: readonly string[];
}

const DEFAULT_PORT = { http: 80, https: 443, socks5: 1080, socks5h: 1080 } as const;
const SHAPE = /^(https?|socks5h?):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#@:[\]]+)(?::(\d{1,5}))?\/?$/i;
/** Bytes that the head of a proxy's answer may have. */
const MAX_HEAD = 16 * 1024;

/**
 * Reads the URL of a network proxy: `http`, `https`, `socks5` or `socks5h`, with user name and
 * password when it wants them (percent-encoded).
 *
 * @throws {SigError} E_CONFIG when it is anything else; the message does not show it
 */
export function parseNetworkProxy(text: string): NetworkProxy {
  const [, scheme, login, host, port] = SHAPE.exec(text) ?? [];
  if (scheme === undefined || host === undefined) {
    throw badProxy('it is not an http, https, socks5 or socks5h URL of a host');
  }
  const kind = scheme.toLowerCase() as NetworkProxy['kind'];
  const number = port === undefined ? DEFAULT_PORT[kind] : Number(port);
  if (number < 1 || number > 65535) throw badProxy('ports are 1 to 65535');
  return { kind, host: canonicalHost(host), port: number, ...(login === undefined ? {} : { login: readLogin(login) }) };
}

function readLogin(text: string): { user: string; password: Secret } {
  const colon = text.indexOf(':');
  try {
    return {
      user: decodeURIComponent(colon < 0 ? text : text.slice(0, colon)),
      password: new Secret(colon < 0 ? '' : decodeURIComponent(text.slice(colon + 1))),
    };
  } catch {
    throw badProxy('its user name or password is not percent-encoded'); // the cause would quote it
  }
}

/** The address of a proxy as people write it, without its password. */
export function formatNetworkProxy(proxy: NetworkProxy): string {
  return `${proxy.kind}://${proxy.host}:${proxy.port}`;
}

/**
 * Opens a connection to a host through a proxy: CONNECT (RFC 9110 §9.3.6) or SOCKS5 (RFC 1928,
 * with RFC 1929 for a password).
 *
 * @param host canonical host
 * @returns a socket whose next byte is the host's own
 * @throws {SigError} E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT
 */
export async function connectThrough(
  proxy: NetworkProxy,
  host: string,
  port: number,
  options: DialOptions = {},
): Promise<Socket> {
  const where = formatNetworkProxy(proxy);
  const timeoutMs = options.timeoutMs ?? 30_000;
  const socket = dial(proxy, options);
  const timer = setTimeout(() => {
    socket.destroy(new SigError('E_TIMEOUT', `Network proxy ${where} did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    const reader = createReader(socket);
    if (proxy.kind === 'http' || proxy.kind === 'https') await openTunnel(socket, reader, proxy, host, port);
    else await openSocks(socket, reader, proxy, host, port);
    reader.stop();
    return socket;
  } catch (error) {
    socket.destroy();
    throw toSigError(error, where);
  } finally {
    clearTimeout(timer);
  }
}

function dial(proxy: NetworkProxy, options: DialOptions): Socket {
  const host = bare(proxy.host);
  if (proxy.kind !== 'https') return connectTcp({ host, port: proxy.port });
  const name = hostKind(proxy.host) === 'name' ? { servername: host } : {};
  return connectTls({ host, port: proxy.port, ...name, ...(options.ca === undefined ? {} : { ca: [...options.ca] }) });
}

async function openTunnel(
  socket: Socket,
  reader: Reader,
  proxy: NetworkProxy,
  host: string,
  port: number,
): Promise<void> {
  const authority = `${host}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (proxy.login) {
    const pair = `${proxy.login.user}:${proxy.login.password.reveal()}`;
    lines.push(`Proxy-Authorization: Basic ${Buffer.from(pair).toString('base64')}`);
  }
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = (await reader.until('\r\n\r\n')).toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/.exec(head)?.[1];
  if (status === undefined) throw new Refusal('did not answer as an HTTP proxy');
  if (status === '407') {
    throw new Refusal(proxy.login ? 'refused the user name or password' : 'wants a user name and password');
  }
  if (!status.startsWith('2')) throw new Refusal(`refused with status ${status}`);
}

/** RFC 1928 §6, in words. */
const SOCKS_REPLY = [
  '',
  'failed',
  'does not allow this connection',
  'cannot reach the network',
  'cannot reach the host',
  'was refused by the host',
  'let the time run out',
  'does not know the command',
  'does not know this kind of address',
];

async function openSocks(
  socket: Socket,
  reader: Reader,
  proxy: NetworkProxy,
  host: string,
  port: number,
): Promise<void> {
  socket.write(Buffer.from(proxy.login ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await reader.take(2);
  if (version !== 5) throw new Refusal('did not answer as a SOCKS5 proxy');
  if (method === 2 && proxy.login) await signIn(socket, reader, proxy.login);
  else if (method !== 0) throw new Refusal(proxy.login ? 'does not take a password' : 'wants a user name and password');
  const address = proxy.kind === 'socks5' && hostKind(host) === 'name' ? await resolve(host) : bare(host);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), socksAddress(address), Buffer.from([port >> 8, port & 255])]));
  const [, reply = 1, , kind] = await reader.take(4);
  if (reply !== 0) throw new Refusal(SOCKS_REPLY[reply] ?? `refused with reply ${reply}`);
  const length = kind === 1 ? 4 : kind === 4 ? 16 : kind === 3 ? (await reader.take(1))[0]! : undefined;
  if (length === undefined) throw new Refusal('did not answer as a SOCKS5 proxy');
  await reader.take(length + 2);
}

async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const { code = 'unknown failure' } = cause as { code?: string };
    throw new SigError('E_UPSTREAM', `Cannot resolve ${host}: ${code}`, {
      hint: 'with socks5h the proxy resolves names',
      cause,
    });
  }
}

async function signIn(socket: Socket, reader: Reader, login: NonNullable<NetworkProxy['login']>): Promise<void> {
  const user = Buffer.from(login.user);
  const password = Buffer.from(login.password.reveal());
  if (user.length > 255 || password.length > 255) {
    throw new Refusal('cannot take a name or password of more than 255 bytes');
  }
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
  const [, status] = await reader.take(2);
  if (status !== 0) throw new Refusal('refused the user name or password');
}

/** Address type and address (RFC 1928 §5). */
function socksAddress(address: string): Buffer {
  if (hostKind(address) === 'ipv4') return Buffer.from([1, ...address.split('.').map(Number)]);
  if (address.includes(':')) return Buffer.concat([Buffer.from([4]), ipv6Bytes(address)]);
  const name = Buffer.from(address);
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser brings every spelling to hexadecimal groups.
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const words = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 255]));
}

/** Reads exact pieces of a socket and gives back what was read too much. */
interface Reader {
  take(length: number): Promise<Buffer>;
  until(mark: string): Promise<Buffer>;
  stop(): void;
}

function createReader(socket: Socket): Reader {
  let held: Buffer = Buffer.alloc(0);
  let failure: unknown;
  let wake = () => {};
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    wake();
  };
  const onEnd = (error?: unknown) => {
    failure ??= error instanceof Error ? error : new Refusal('closed the connection');
    wake();
  };
  socket.on('data', onData).on('error', onEnd).on('end', onEnd).on('close', onEnd);
  const read = async (measure: () => number | undefined): Promise<Buffer> => {
    for (;;) {
      const length = measure();
      if (length !== undefined) {
        const piece = held.subarray(0, length);
        held = held.subarray(length);
        return piece;
      }
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  return {
    take: (length) => read(() => (held.length >= length ? length : undefined)),
    until: (mark) =>
      read(() => {
        const at = held.indexOf(mark);
        if (at < 0 && held.length > MAX_HEAD) throw new Refusal('answered with too long a head');
        return at < 0 ? undefined : at + mark.length;
      }),
    stop() {
      socket.off('data', onData).off('error', onEnd).off('end', onEnd).off('close', onEnd);
      socket.pause();
      if (held.length > 0) socket.unshift(held);
    },
  };
}

/** Why a proxy did not do it, as the end of a sentence. */
class Refusal extends Error {}

function toSigError(error: unknown, where: string): SigError {
  if (error instanceof SigError) return error;
  if (error instanceof Refusal) return new SigError('E_UPSTREAM', `Network proxy ${where} ${error.message}`);
  const code = (error as { code?: string }).code ?? 'unknown failure';
  if (/CERT|SIGNATURE|SSL|TLS|ISSUER/.test(code)) {
    return new SigError('E_UPSTREAM_TLS', `Certificate of network proxy ${where} is not trusted: ${code}`, {
      cause: error,
    });
  }
  return new SigError('E_UPSTREAM', `Cannot reach network proxy ${where}: ${code}`, { cause: error });
}

function badProxy(why: string): SigError {
  return new SigError('E_CONFIG', `Cannot use the network proxy: ${why}`, {
    hint: 'write it as socks5h://127.0.0.1:1080 or http://user:password@host:3128',
  });
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

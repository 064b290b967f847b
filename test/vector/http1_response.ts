import type { Http1ErrorCode } from '../../src/http1/error.ts';

/** Bytes of a server (one character a byte), and either why they are refused or the responses in them. */
export interface ResponseCase {
  readonly name: string;
  /** Methods of the requests that were sent, in order; GET when absent. */
  readonly methods?: readonly string[];
  /** Whether the first request asked for another protocol. */
  readonly upgrade?: boolean;
  readonly text: string;
  /** Whether the server closes the connection after these bytes. */
  readonly closed?: boolean;
  readonly refused?: Http1ErrorCode;
  /** `status body` of each response, interim ones included. */
  readonly responses?: readonly string[];
}

function refuse(
  id: string,
  refused: Http1ErrorCode,
  texts: readonly string[],
  rest: Partial<ResponseCase> = {},
): ResponseCase[] {
  return texts.map((text) => ({ name: `${id}: ${JSON.stringify(text).slice(1, -1)}`, text, refused, ...rest }));
}

function accept(id: string, text: string, responses: string[], rest: Partial<ResponseCase> = {}): ResponseCase {
  return { name: `${id}: ${JSON.stringify(text).slice(1, -1)}`, text, responses, ...rest };
}

function ok(body: string, ...lines: string[]): string {
  return `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

/** The table. */
export const RESPONSE_CASES: readonly ResponseCase[] = [
  ...refuse('X17 CL+TE', 'framing', [
    ok('0\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    ok('0\r\n\r\n', 'Transfer-Encoding: chunked', 'Content-Length: 0'),
  ]),
  ...refuse('X17 CL', 'length', [
    ok('hello', 'Content-Length: 5', 'Content-Length: 5'),
    ok('hello', 'Content-Length: 5', 'Content-Length: 3'),
    ok('hello', 'Content-Length: 5, 5'),
    ok('hello', 'Content-Length: +5'),
    ok('hello', 'Content-Length: -1'),
    ok('hello', 'Content-Length: 5 5'),
    ok('hello', 'Content-Length:'),
    ok('hello', 'Content-Length: 18446744073709551621'),
    ok('hello', 'content_length: 5'),
  ]),
  ...refuse('X17 TE', 'coding', [
    ok('', 'Transfer-Encoding: gzip'),
    ok('', 'Transfer-Encoding: gzip, chunked'),
    ok('', 'Transfer-Encoding: identity'),
    ok('', 'Transfer-Encoding: chunked, identity'),
    ok('', 'Transfer-Encoding: xchunked'),
    ok('', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]),
  ...refuse('X17 status line', 'status_line', [
    'HTTP/1.1\r\n\r\n',
    'HTTP/1.1 \r\n\r\n',
    'HTTP/1.1 20\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 2x0 OK\r\n\r\n',
    'HTTP/1.1 -20 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1\t200 OK\r\n\r\n',
    'HTTP/1.1 200OK\r\n\r\n',
    'HTTP/1.1 200\tOK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/11 200 OK\r\n\r\n',
    'HTTP 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    ' HTTP/1.1 200 OK\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    '<html>\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
  ]),
  ...refuse('X17 version', 'version', [
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/0.9 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
  ]),
  ...refuse('X17 reason', 'line_ending', [
    'HTTP/1.1 200 OK\rX: y\r\n\r\n',
    'HTTP/1.1 200 OK\nX: y\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
  ]),
  ...refuse('X17 reason', 'character', ['HTTP/1.1 200 O\x00K\r\n\r\n', 'HTTP/1.1 200 \x1b[2J\r\n\r\n']),
  ...refuse('X17 fields', 'fold', [ok('', 'A: b', ' c'), ok('', ' A: b')]),
  ...refuse('X17 fields', 'field', [ok('', 'A : b'), ok('', 'A'), ok('', ': b'), ok('', 'A\x00: b')]),
  ...refuse('X17 fields', 'character', [ok('', 'A: \x00'), ok('', 'A: \x0b'), ok('', 'A: \x7f')]),
  ...refuse('X17 fields', 'line_ending', [ok('', 'A: b\nC: d'), ok('', 'A: b\rC: d')]),
  ...refuse('X17 extra bytes', 'unsolicited', [
    ok('hello!', 'Content-Length: 5'),
    ok('helloHTTP/1.1 200 OK\r\n\r\n', 'Content-Length: 5'),
    ok('0\r\n\r\nx', 'Transfer-Encoding: chunked'),
    'HTTP/1.1 204 No Content\r\n\r\nx',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 100 Continue\r\n\r\n'.repeat(33),
  ]),
  ...refuse('X17 extra bytes', 'unsolicited', [ok('hello', 'Content-Length: 5')], { methods: ['HEAD'] }),
  ...refuse('X17 upgrade', 'framing', [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  ]),
  ...refuse('X17 chunk', 'chunk', [
    ok('x\r\n', 'Transfer-Encoding: chunked'),
    ok('5\nhello\r\n', 'Transfer-Encoding: chunked'),
    ok('5\r\nhelloX', 'Transfer-Encoding: chunked'),
    ok('ffffffff\r\n', 'Transfer-Encoding: chunked'),
  ]),
  ...refuse('X17 trailer', 'trailer', [
    ok('0\r\nSet-Cookie: a=b\r\n\r\n', 'Transfer-Encoding: chunked'),
    ok('0\r\nContent-Length: 5\r\n\r\n', 'Transfer-Encoding: chunked'),
    ok('0\r\nA\r\n\r\n', 'Transfer-Encoding: chunked'),
  ]),
  ...refuse('X17 cut', 'truncated', [
    'HTTP/1.1 200 O',
    'HTTP/1.1 200 OK\r\nA: b\r\n',
    ok('hell', 'Content-Length: 5'),
    ok('5\r\nhell', 'Transfer-Encoding: chunked'),
    ok('5\r\nhello\r\n', 'Transfer-Encoding: chunked'),
    ok('5\r\nhello\r\n0\r\n', 'Transfer-Encoding: chunked'),
    ok('5\r\nhello\r\n0\r\nA: b\r\n', 'Transfer-Encoding: chunked'),
  ], { closed: true }),
  ...refuse('P11', 'head_too_large', [ok('', `A: ${'b'.repeat(70_000)}`), `HTTP/1.1 200 ${'x'.repeat(70_000)}`]),
  ...refuse('P11', 'too_many_fields', [ok('', ...Array<string>(257).fill('Set-Cookie: a=b'))]),

  accept('X7', ok('hello', 'Content-Length: 5'), ['200 hello']),
  accept('X7', ok('5\r\nhello\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), ['200 hello']),
  accept('X7', ok('5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n', 'Transfer-Encoding: Chunked'), ['200 hello']),
  accept('X7', ok('until the end'), ['200 until the end'], { closed: true }),
  accept('X7', ok(''), ['200 '], { closed: true }),
  accept('X7', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', ['200 hi']),
  accept('X7', 'HTTP/1.1 204 No Content\r\n\r\n', ['204 ']),
  accept('X7', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', ['204 ']),
  accept('X7', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ['304 ']),
  accept('X7', ok('', 'Content-Length: 5'), ['200 '], { methods: ['HEAD'] }),
  accept('X7', ok('', 'Transfer-Encoding: chunked'), ['200 '], { methods: ['HEAD'] }),
  accept(
    'X7',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('hi', 'Content-Length: 2')}`,
    [
      '100 ',
      '103 ',
      '200 hi',
    ],
  ),
  accept('X7', `${ok('a', 'Content-Length: 1')}${ok('1\r\nb\r\n0\r\n\r\n', 'Transfer-Encoding: chunked')}`, [
    '200 a',
    '200 b',
  ], {
    methods: ['GET', 'POST'],
  }),
  accept('X7', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', ['200 ']),
  accept('X7', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', ['200 ']),
  accept('X7', 'HTTP/1.1 999 Request denied\r\nContent-Length: 0\r\n\r\n', ['999 ']),
  accept('X7', 'HTTP/1.1 404 \xe4\xf6 not found\r\nContent-Length: 0\r\n\r\n', ['404 ']),
  accept('X7 tunnel', ok('\x16\x03\x01'), ['200 '], { methods: ['CONNECT'] }),
  accept('X7 tunnel', 'HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno', ['407 no'], { methods: ['CONNECT'] }),
  accept('H19', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00', [
    '101 ',
  ], {
    upgrade: true,
  }),
];

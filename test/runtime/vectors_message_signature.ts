// RFC 9421 §2, §B and Web Bot Auth: the published vectors, byte for byte where the algorithm is deterministic.
import { decodeBase64 } from '../../src/encoding/base64.ts';
import {
  contentDigest,
  DIRECTORY_PATH,
  directoryResponse,
  exportKey,
  formatDirectory,
  generateKey,
  importKey,
  matchesContentDigest,
  type Message,
  readDirectory,
  signMessage,
  signWebBotAuth,
  verifyMessage,
  verifyWebBotAuth,
} from '../../src/message_signature/mod.ts';
import { componentValue, readComponent } from '../../src/message_signature/component.ts';
import { parseDictionary, parseItem, parseList } from '../../src/message_signature/parse_structured_field.ts';
import {
  serializeDictionary,
  serializeList,
  serializeMember,
} from '../../src/message_signature/serialize_structured_field.ts';
import { rejected, same, type Vector } from './vector.ts';

export const ED25519_KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
  x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
};
const ED25519_THUMBPRINT = 'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U';
const EC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA',
  y: 'Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0',
};
const RSA_PSS_KEY = {
  kty: 'RSA',
  e: 'AQAB',
  n: 'r4tmm3r20Wd_PbqvP1s2-QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct-Lh1GH45x28Rw3Ry53mm-oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL-Wokqltd11nqqzi-bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d-nb4bnNkQVklLQ3fVAvJm-xdDOp9LCNCN48V2pnDOkFV6-U9nV5oyc6XI2w',
};
const SHARED_SECRET = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';

const keyOf: Record<string, () => Promise<CryptoKey> | JsonWebKey> = {
  'test-key-ed25519': () => ED25519_KEY,
  'test-key-ecc-p256': () => EC_KEY,
  'test-key-rsa-pss': () =>
    crypto.subtle.importKey('jwk', RSA_PSS_KEY, { name: 'RSA-PSS', hash: 'SHA-512' }, true, ['verify']),
  'test-shared-secret': () =>
    crypto.subtle.importKey('raw', decodeBase64(SHARED_SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ]),
};

const REQUEST = {
  method: 'POST',
  url: 'https://example.com/foo?param=Value&Pet=dog',
  headers: [
    ['Host', 'example.com'],
    ['Date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
    ['Content-Type', 'application/json'],
    [
      'Content-Digest',
      'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
    ],
    ['Content-Length', '18'],
  ],
} as const;
const RESPONSE = {
  status: 200,
  headers: [
    ['Date', 'Tue, 20 Apr 2021 02:07:56 GMT'],
    ['Content-Type', 'application/json'],
    [
      'Content-Digest',
      'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:',
    ],
    ['Content-Length', '23'],
  ],
} as const;
const PROXIED = {
  method: 'POST',
  url: 'https://service.internal.example/foo?param=Value&Pet=dog',
  headers: [[
    'Client-Cert',
    ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:',
  ]],
} as const;

/** RFC 9421 §B.2 and §B.3. */
const SIGNED: readonly { section: string; message: Message; label: string; input: string; signature: string }[] = [
  {
    section: 'B.2.1',
    message: REQUEST,
    label: 'sig-b21',
    input: '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      'd2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==',
  },
  {
    section: 'B.2.2',
    message: REQUEST,
    label: 'sig-b22',
    input:
      '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      'LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==',
  },
  {
    section: 'B.2.3',
    message: REQUEST,
    label: 'sig-b23',
    input:
      '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==',
  },
  {
    section: 'B.2.4',
    message: RESPONSE,
    label: 'sig-b24',
    input: '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    signature: 'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
  },
  {
    section: 'B.2.5',
    message: REQUEST,
    label: 'sig-b25',
    input: '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    signature: 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
  },
  {
    section: 'B.2.6',
    message: REQUEST,
    label: 'sig-b26',
    input:
      '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature: 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
  },
  {
    section: 'B.3',
    message: PROXIED,
    label: 'ttrp',
    input: '("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"',
    signature: 'xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==',
  },
];

/** Web Bot Auth, made with the Ed25519 key of RFC 9421: the label plays no part in the signature. */
const BOT_URL = 'https://example.com/path/to/resource';
const BOTS = [
  {
    profile: 'dictionary',
    label: 'agent2',
    expires: 4889289600,
    nonce: 'n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==',
    agentField: 'agent2="https://signature-agent.test"',
    signature: 'RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==',
    component: '"signature-agent";key="agent2"',
  },
  {
    profile: 'legacy-string',
    label: 'sig2',
    expires: 1735693200,
    nonce: 'e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==',
    agentField: '"https://signature-agent.test"',
    signature: 'jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==',
    component: '"signature-agent"',
  },
] as const;
const BOT_CREATED = 1735689600;

const clockAt = (sec: number) => () => sec * 1000;
const headersOf = (message: Message) => [...message.headers] as [string, string][];

export const MESSAGE_SIGNATURE_VECTORS: readonly Vector[] = [
  ...SIGNED.map(({ section, message, label, input, signature }): Vector => ({
    name: `RFC 9421 §${section}: verifyMessage() takes ${label}`,
    run: async () => {
      const fields: [string, string][] = [['Signature-Input', `${label}=${input}`], [
        'Signature',
        `${label}=:${signature}:`,
      ]];
      const signed = { ...message, headers: [...headersOf(message), ...fields] };
      const verdict = await verifyMessage(signed, { findKey: ({ params }) => keyOf[params.keyid!]!() });
      same(verdict.outcome, 'verified');
      const fewer = { ...message, headers: fields };
      const broken = await verifyMessage(
        input.startsWith('()')
          ? { ...signed, headers: [['Signature-Input', `${label}=${input};tag="x"`], fields[1]!] }
          : fewer,
        {
          findKey: ({ params }) => keyOf[params.keyid!]!(),
        },
      );
      same(broken.outcome, 'invalid');
    },
  })),
  ...['sig-b25', 'sig-b26'].map((wanted): Vector => ({
    name: `RFC 9421 §B.2: signMessage() makes ${wanted} byte for byte`,
    run: async () => {
      const { message, label, input, signature } = SIGNED.find((vector) => vector.label === wanted)!;
      const components = [...input.slice(1, input.indexOf(')')).matchAll(/"([^"]*)"/g)].map((found) => found[1]!);
      const keyid = /keyid="([^"]*)"/.exec(input)![1]!;
      const key = wanted === 'sig-b26' ? await importKey(ED25519_KEY) : await keyOf[keyid]!() as CryptoKey;
      same(await signMessage(message, { key, label, components, params: { created: 1618884473, keyid } }), [
        ['Signature-Input', `${label}=${input}`],
        ['Signature', `${label}=:${signature}:`],
      ]);
    },
  })),
  {
    name: 'RFC 9421 §2: component values',
    run: () => {
      const request = {
        method: 'POST',
        url:
          'https://www.EXAMPLE.com:443/path?param=value&foo=bar&baz=batman&qux=&var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something',
        headers: [
          ['X-OWS-Header', '  Leading and trailing whitespace.   '],
          ['X-Obs-Fold-Header', 'Obsolete\r\n    line folding.'],
          ['Cache-Control', 'max-age=60'],
          ['Cache-Control', '   must-revalidate'],
          ['Example-Dict', ' a=1,    b=2;x=1;y=2,   c=(a   b   c), d'],
          ['Example-Header', 'value, with, lots'],
          ['Example-Header', 'of, commas'],
          ['Priority', ' u=3 ,  i'],
          ['X-Empty', ''],
        ],
      } as const;
      const cases: [string, string][] = [
        ['@method', 'POST'],
        ['@authority', 'www.example.com'],
        ['@scheme', 'https'],
        ['@path', '/path'],
        ['"@query-param";name="baz"', 'batman'],
        ['"@query-param";name="qux"', ''],
        ['"@query-param";name="var"', 'this%20is%20a%20big%0Amultiline%20value'],
        ['"@query-param";name="bar"', 'with%20plus%20whitespace'],
        ['"@query-param";name="fa%C3%A7ade%22%3A%20"', 'something'],
        ['x-ows-header', 'Leading and trailing whitespace.'],
        ['x-obs-fold-header', 'Obsolete line folding.'],
        ['cache-control', 'max-age=60, must-revalidate'],
        ['"example-dict";key="a"', '1'],
        ['"example-dict";key="b"', '2;x=1;y=2'],
        ['"example-dict";key="c"', '(a b c)'],
        ['"example-dict";key="d"', '?1'],
        ['"example-header";bs', ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
        ['"priority";sf', 'u=3, i'],
        ['x-empty', ''],
      ];
      for (const [component, value] of cases) {
        same([component, componentValue(readComponent(component), request)], [component, value]);
      }
      same(componentValue(readComponent('@query'), { ...request, url: 'https://a.example/path' }), '?');
      same(componentValue(readComponent('@path'), { ...request, url: 'https://a.example' }), '/');
      same(
        componentValue(readComponent('@target-uri'), { ...request, url: 'https://a.example/p?q#f' }),
        'https://a.example/p?q',
      );
    },
  },
  {
    name: 'RFC 9530 §B: content digests',
    run: async () => {
      const body = '{"hello": "world"}';
      same(await contentDigest(body), 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:');
      same(await contentDigest(body, 'sha-512'), REQUEST.headers[3][1]);
      same(await matchesContentDigest(REQUEST.headers[3][1], body), true);
      same(await matchesContentDigest(REQUEST.headers[3][1], `${body}\n`), false);
    },
  },
  {
    name: 'RFC 9651: values are written back as they were read',
    run: () => {
      const dictionary =
        'a=1, b=1.0, c=-0.5, d="x\\"\\\\", e=tok/en, f=:AAEC:, g=?0, h, i;p=?0, j=(a "b";q 1);r, k=@1659578233, l=%"f%c3%bc"';
      same(serializeDictionary(parseDictionary(dictionary)), dictionary);
      same(serializeList(parseList('a,\tb;c=1 , (d)')), 'a, b;c=1, (d)');
      same(serializeMember(parseItem('  12 ')), '12');
    },
  },
  {
    name: 'Web Bot Auth: authority alone, byte for byte',
    run: async () => {
      const fields = await signMessage({ method: 'GET', url: BOT_URL, headers: [] }, {
        key: await importKey(ED25519_KEY),
        components: ['@authority'],
        params: {
          created: BOT_CREATED,
          keyid: ED25519_THUMBPRINT,
          alg: 'ed25519',
          expires: 4889289600,
          nonce: 'g0iqFa9e1ffijlyOScDkXpfSmTbYpRNSGPJrQ1It20ahwgzB3jOUcdgLgFxUg7RMtW4V8IILaKKtA+YuSyIgJQ==',
          tag: 'web-bot-auth',
        },
      });
      same(
        fields[1]![1],
        'sig1=:FFASViSdcgsyaqqYiCnkHreeZzbNKcTzDvZC5uVlP/dn9IbWj8j0o4wKFTH3rBnUiSUBduwm1Gp5VlIPCp01Ag==:',
      );
    },
  },
  ...BOTS.map(({ profile, label, expires, nonce, agentField, signature, component }): Vector => ({
    name: `Web Bot Auth: the ${profile} profile, byte for byte`,
    run: async () => {
      const request = { method: 'GET', url: BOT_URL, headers: [['Signature-Agent', agentField]] } as const;
      const fields = await signMessage(request, {
        key: await importKey(ED25519_KEY),
        label,
        components: ['@authority', component],
        params: {
          created: BOT_CREATED,
          keyid: ED25519_THUMBPRINT,
          alg: 'ed25519',
          expires,
          nonce,
          tag: 'web-bot-auth',
        },
      });
      same(fields[1]![1], `${label}=:${signature}:`);
    },
  })),
  ...(['dictionary', 'legacy-string'] as const).map((profile): Vector => ({
    name: `Web Bot Auth: signWebBotAuth() and verifyWebBotAuth() agree on ${profile}`,
    run: async () => {
      const key = await importKey(ED25519_KEY);
      const now = clockAt(BOT_CREATED);
      const bare = new Request(`${BOT_URL}?a=b`, { headers: { Accept: 'text/html' } });
      const fields = await signWebBotAuth(bare, {
        key,
        agent: 'https://signature-agent.test',
        profile,
        now,
        nonce: 'n',
        label: 'me',
      });
      same(fields.map(([name]) => name), ['Signature-Agent', 'Signature-Input', 'Signature']);
      same(
        fields[1]![1].endsWith(
          `;created=${BOT_CREATED};keyid="${ED25519_THUMBPRINT}";alg="ed25519";expires=${
            BOT_CREATED + 60
          };nonce="n";tag="web-bot-auth"`,
        ),
        true,
      );
      const signed = new Request(bare, { headers: [...bare.headers, ...fields] as [string, string][] });
      const options = { now, allowTestKeys: true, findKey: () => key.publicJwk };
      const verdict = await verifyWebBotAuth(signed, options);
      same(verdict.outcome === 'verified' && verdict.bot, {
        agent: 'https://signature-agent.test',
        keyid: ED25519_THUMBPRINT,
      });
      same(await verifyWebBotAuth(signed, { ...options, allowTestKeys: false }), {
        outcome: 'invalid',
        fault: 'test_key',
      });
      same(await verifyWebBotAuth(signed, { ...options, findKey: () => undefined }), {
        outcome: 'unverified',
        fault: 'unknown_key',
      });
      same(await verifyWebBotAuth(signed, { ...options, now: clockAt(BOT_CREATED + 61) }), {
        outcome: 'invalid',
        fault: 'expired',
      });
      const moved = { method: 'GET', url: `${BOT_URL}?a=c`, headers: signed.headers };
      same(await verifyWebBotAuth(moved, options), { outcome: 'invalid', fault: 'bad_signature' });
    },
  })),
  {
    name: 'Web Bot Auth: the key directory and its signature, byte for byte',
    run: async () => {
      const key = await importKey(ED25519_KEY);
      const body =
        '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","use":"sig"}]}';
      same(formatDirectory([key]), body);
      const url = `https://signature-agent.test${DIRECTORY_PATH}`;
      const options = { now: clockAt(BOT_CREATED), maxAgeSec: 4889289600 - BOT_CREATED };
      const response = await directoryResponse(new Request(url), [key], options);
      same(response.headers.get('content-digest'), 'sha-256=:CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=:');
      same(
        response.headers.get('signature'),
        'sig1=:l6P8R67tm3kujAxbHWio7ll01qrEZ0dKD/WWlGhNYEmTnFZM8Wt0VQ9zqGfvo7T/UMkBxsigzChM1Gpz7gOVBg==:',
      );
      const other = await generateKey('ES256');
      const two = await directoryResponse(new Request(url), [key, other], options);
      const keys = await readDirectory(two, url, { now: options.now, requireSignature: true });
      same([...keys.keys()], [key.thumbprint, other.thumbprint]);
      const moved = await directoryResponse(new Request(url), [key], options);
      await rejected(() => readDirectory(moved, `https://elsewhere.test${DIRECTORY_PATH}`, options), Error);
      await rejected(() => exportKey(key), TypeError);
    },
  },
];

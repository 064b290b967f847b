import { expect, test } from 'vitest';
import { draftImport, type ImportDraft } from '../../../src/credential/imported.ts';
import { importCurl } from '../../../src/credential/import_curl.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';

function read(text: string): ImportDraft {
  const draft = draftImport({ nowSec: 1_790_000_000, isPublicSuffix });
  importCurl(text, draft);
  return draft;
}

function pairs(draft: ImportDraft): string[] {
  return [...draft.cookies.values()].map((cookie) => `${cookie.domain} ${cookie.name}=${cookie.value}`);
}

// As Chrome 130 writes it.
const CHROME = String.raw`curl 'https://jira.example.com/rest/api/2/myself?x=1' \
  -H 'accept: application/json' \
  -H 'accept-language: en-US,en;q=0.9' \
  -b 'sid=v; theme=dark; q="a b"; bang='\''x' \
  -H 'authorization: Bearer abc' \
  -H 'sec-ch-ua: "Chromium";v="130"' \
  -H 'user-agent: Mozilla/5.0' \
  -H $'x-csrf-token: a\u0021b' \
  --data-raw '{"jql":"x"}' \
  --compressed`;

test("importCurl() reads Chrome's command", () => {
  const draft = read(CHROME);
  expect([...draft.cookies.values()][0]).toEqual({
    name: 'sid',
    value: 'v',
    domain: 'jira.example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: true,
    createdAtSec: 1_790_000_000,
  });
  expect(pairs(draft).slice(1)).toEqual([
    'jira.example.com theme=dark',
    'jira.example.com q="a b"',
    "jira.example.com bang='x",
  ]);
  expect(draft.headers.map(({ origin, name, value }) => [origin, name, value.reveal()])).toEqual([
    ['https://jira.example.com', 'authorization', 'Bearer abc'],
    ['https://jira.example.com', 'user-agent', 'Mozilla/5.0'],
    ['https://jira.example.com', 'x-csrf-token', 'a!b'],
  ]);
});

test("importCurl() reads Firefox's and Safari's commands, with the cookie in a header", () => {
  expect(pairs(read(`curl 'https://example.com/' --compressed -X POST -H 'Cookie: a=b; c=d' --data-raw 'x'`))).toEqual([
    'example.com a=b',
    'example.com c=d',
  ]);
});

test('importCurl() reads several commands, each for its own host', () => {
  expect(pairs(read(`curl 'https://a.test/' -b 'x=1' ;\ncurl 'https://b.test/' -b 'x=2'`))).toEqual([
    'a.test x=1',
    'b.test x=2',
  ]);
});

test('importCurl() marks cookies of a plain http host as such', () => {
  expect([...read(`curl http://127.0.0.1:8080/ -b a=b`).cookies.values()][0]).toMatchObject({
    domain: '127.0.0.1',
    secure: false,
  });
});

test('importCurl() takes a nameless cookie, an attached option and --url', () => {
  expect(pairs(read(`curl --url https://example.com -Hcookie:x -H 'empty;'`))).toEqual(['example.com =x']);
});

test.each<[string, RegExp]>([
  ['wget https://example.com/', /not a curl command/],
  ['curl', /0 URLs/],
  ['curl https://a.test/ https://b.test/', /2 URLs/],
  ['curl example.com -b a=b', /URL of command 1/],
  ['curl https://user:pw@example.com/ -b a=b', /URL of command 1/],
  ['curl https://example.com/ -b cookies.txt', /from a file/],
  ['curl https://example.com/ -u me:pw', /"-u"/],
  ['curl https://example.com/ --next', /"--next"/],
  ['curl https://example.com/ -K evil', /"-K"/],
  ['curl https://example.com/ -H', /no value/],
  ['curl ^"https://example.com/^" -b ^"a=b^"', /Windows/],
  ['curl.exe https://example.com/', /Windows/],
  ['curl https://example.com/ -b "$(cat x)"', /expand/],
])('importCurl(%j) is refused', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

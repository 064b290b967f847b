import { expect, onTestFinished, test } from 'vitest';
import { type BrowserContext, launchBrowser } from '../../cli/platform/browser/launch.ts';
import { needBrowser, useFolder, useServer } from '../_lib/lab.ts';
import { pinOf } from '../_lib/sites.ts';
import type { Handler } from '../_lib/tls_server.ts';
import { AGES, FLAGS, JARS } from '../vector/cookie_attributes.ts';
import { type CookieCase, DOMAINS, PAIRS, PATHS } from '../vector/cookies.ts';

/** Of each kind about ten, and every case in which Chromium is said to differ. */
const CHOSEN: readonly CookieCase[] = [PAIRS, PATHS, DOMAINS, FLAGS, AGES, JARS].flatMap((kind) => {
  const step = Math.ceil(kind.length / 10);
  return kind.filter((found, i) => found.chromium !== undefined || i % step === 0);
});

const FROM = 'https://www.example.com/dir/page?q=1';

/** What Chromium's own jar makes of a case: the header of the later request. */
async function sendChromium(context: BrowserContext, found: CookieCase, asked: Asked): Promise<string> {
  const page = context.pages()[0]!;
  // An answer that Chromium refuses as a whole counts as well: nothing is stored then.
  const visit = (url: string) => page.goto(url, { waitUntil: 'commit' }).catch(() => {});
  await context.clearCookies();
  asked.lines = found.set;
  await visit(found.from ?? FROM);
  asked.lines = [];
  asked.cookie = undefined;
  await visit(found.to ?? found.from ?? FROM);
  if (asked.cookie === undefined) throw new Error(`nobody asked for ${found.to ?? found.from}`);
  return asked.cookie;
}

/** The server's side: what it answers next, and what it was shown last. */
interface Asked {
  lines: readonly string[];
  cookie: string | undefined;
}

test(
  `B1: Chromium sends what our jar would in ${CHOSEN.length} cases, or the rule that it leaves is stated`,
  { timeout: 120_000 },
  async ({ skip }) => {
    const program = needBrowser(skip);
    const asked: Asked = { lines: [], cookie: undefined };
    const handler: Handler = (request) => {
      if (request.path === '/favicon.ico') return { status: 404 };
      asked.cookie = request.header('cookie') ?? '';
      const headers = asked.lines.map((line) => ['Set-Cookie', line] as const);
      return { headers: [['Content-Type', 'text/plain'], ['Cache-Control', 'no-store'], ...headers], body: 'x' };
    };
    const [secure, plain] = await Promise.all([useServer({ handler }), useServer({ handler, plain: true })]);
    const { context } = await launchBrowser({
      program,
      folder: await useFolder(),
      mode: 'headless',
      extraArguments: [
        `--host-resolver-rules=MAP *:80 127.0.0.1:${plain.port}, MAP * 127.0.0.1:${secure.port}`,
        `--ignore-certificate-errors-spki-list=${await pinOf(secure, 'localhost')}`,
      ],
    });
    onTestFinished(() => context.close());
    const differing: unknown[] = [];
    for (const found of CHOSEN) {
      const expected = found.chromium?.sent ?? found.sent;
      let sent = await sendChromium(context, found, asked);
      // A busy browser gives up a visit now and then; what it really does it does again.
      for (let i = 0; i < 2 && sent !== expected; i++) sent = await sendChromium(context, found, asked);
      if (sent !== expected) differing.push({ set: found.set, from: found.from, to: found.to, sent, expected });
    }
    expect(differing).toEqual([]);
  },
);

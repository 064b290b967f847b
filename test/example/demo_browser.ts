import type { CommandResult } from '../_lib/command.ts';
import { findLeaks } from '../_lib/canary.ts';
import { startDisplay } from '../_lib/display.ts';
import { startHttpProxy } from '../_lib/network_proxy.ts';
import { createIdentityProvider, createRelyingSite } from '../_lib/relying_sites.ts';
import { findTestBrowser, startSites } from '../_lib/sites.ts';
import type { DemoStage, Expected } from './demo_stage.ts';

/**
 * A browser login: a site that sends strangers to an identity provider, both under names of their
 * own. The command line and its Chromium are the real ones, and so is TLS; a proxy on loopback
 * leads the names here, as in a network whose proxy knows names that nobody else does.
 */
export async function runBrowserDemo(stage: DemoStage): Promise<void> {
  const { title, check } = stage;
  title('Log in by browser: single sign-on with redirects');
  const program = findTestBrowser();
  if (program === undefined) {
    console.log('  skipped: no Chrome, Edge, Chromium or Brave is installed (sudo apt-get install chromium)');
    return;
  }
  const idp = createIdentityProvider({ signsInByItself: true });
  const app = createRelyingSite('https://app.shop.test', idp);
  const sites = await startSites({ 'app.shop.test': app.site, 'idp.corp.test': idp.site });
  const proxy = await startHttpProxy({ port: sites.server.port });
  const display = await startDisplay();
  const env = {
    SIG_EXTRA_CA: sites.server.caFile,
    // Chromium has no option for a further CA, so it is told which key to believe; the resolver rules are the proxy's.
    SIG_BROWSER_ARGS: JSON.stringify(sites.browserArguments.slice(1)),
    SIG_BROWSER: program,
    ...(display === undefined ? {} : { DISPLAY: display.name }),
  };
  const sig = (args: readonly string[], expected: Expected): Promise<CommandResult> =>
    stage.sig(args, { ...expected, env });
  console.log('  The part of the person is played by a script in the page of the identity provider: it types');
  console.log(`  the password. The window is ${display ? 'a real one, on a display that nobody sees' : 'hidden'}.`);
  try {
    const url = 'https://app.shop.test/api/me';
    await sig(['request', url], { status: 3, stderr: /add one: sig login/ });
    await sig(
      [
        'login',
        'https://app.shop.test/',
        '--network-proxy',
        `http://127.0.0.1:${proxy.port}`,
        '--mode',
        display ? 'visible' : 'headless',
      ],
      { status: 0, stderr: /logged in to "app-shop"; added it to config\.yaml for app\.shop\.test/ },
    );
    check('one password was typed, at the identity provider', idp.typed.join() === 'right');
    check('the identity provider got no other request than its own', hostsOf('idp.corp.test').join() === '/sso');

    title('The login is used by a program that has no browser; the API refuses whoever comes without');
    const answered = await sig(['request', url], { status: 0, stdout: /"name":"person"/ });
    const session = /\bsid=(\w+)/.exec(sites.requests('app.shop.test').at(-1)?.header('cookie') ?? '')?.[1] ?? '';
    check('the API got the session of the browser', app.sessions.has(session));
    check(
      'the session was not printed',
      session !== '' && findLeaks(session, { answered: answered.stdout }).length === 0,
    );
    check('without it the API answers 401', await askWithout() === 401);

    title('The site forgets the session: it is renewed without a window and without a person');
    app.logOutAll();
    await sig(['request', url], { status: 0, stdout: /"name":"person"/ });
    check('nobody typed anything', idp.typed.length === 1);
    await sig(['logout', 'app-shop'], { status: 0, stderr: /logged out/ });
  } finally {
    await Promise.all([display?.close(), proxy.close(), sites.close()]);
  }

  function hostsOf(host: string): string[] {
    return [...new Set(sites.requests(host).map(({ path }) => new URL(path, 'https://x').pathname))];
  }

  async function askWithout(): Promise<number> {
    const { parseUrl } = await import('../../src/target/target.ts');
    const { target, path } = parseUrl('https://app.shop.test/api/me');
    const response = await sites.send({ method: 'GET', target, path, headers: [['Host', target.host]] }, null);
    await response.body[Symbol.asyncIterator]().return?.();
    return response.status;
  }
}

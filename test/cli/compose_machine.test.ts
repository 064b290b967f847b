import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { composeMachine, locateHome, once } from '../../cli/compose_machine.ts';
import { useFolder } from '../_lib/lab.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

const nobody = () => Promise.reject(new Error('asked'));
const prompt = { line: nobody, secret: nobody, confirm: nobody };
const clock = { now: () => 0 };

test('locateHome() takes what is named, else SIG_HOME, else ~/.sig, and makes it absolute', () => {
  expect(locateHome('here', { SIG_HOME: '/there' })).toBe(resolve('here'));
  expect(locateHome(undefined, { SIG_HOME: '/there' })).toBe(resolve('/there'));
  for (const SIG_HOME of ['', undefined]) {
    expect(locateHome(undefined, { SIG_HOME })).toBe(join(homedir(), '.sig'));
  }
});

test('composeMachine() reads nothing of the home before it is asked, and then once', async () => {
  const machine = composeMachine({ home: join(await useFolder(), 'home'), variables: { A: 'a' }, prompt, clock });
  expect([machine.env('A'), machine.env('B')]).toEqual(['a', undefined]);
  expect(await machine.configText()).toBe('');
  await expect(machine.vault()).rejects.toMatchObject({ code: 'E_NOT_INITIALISED' });

  const world = await useWorld(`providers:\n${tokenProvider('api', 'api.example')}`);
  const other = composeMachine({ home: world.home, variables: {}, prompt, clock });
  const before = await other.providers();
  await world.writeConfig('providers: {}\n');
  expect(await other.providers()).toBe(before);
  expect(before.all.map(({ id }) => id)).toEqual(['api']);
});

test('without renewBrowser a login by browser is not renewed', async () => {
  const world = await useWorld(
    'providers:\n  site:\n    domains: [site.example]\n    strategy: browser\n' +
      "    extract: [{ from: localStorage, as: token, match: token }]\n    apply: [{ in: header, name: X-T, value: '${token}' }]\n",
  );
  await world.logIn('site', { token: 'secret-of-the-site' });
  const old = await world.credentials.open('site');
  const renewBrowser = () => Promise.resolve(old!);
  const with_ = composeMachine({ home: world.home, variables: {}, prompt, clock, renewBrowser });
  const without = composeMachine({ home: world.home, variables: {}, prompt, clock });
  const provider = (await without.providers()).get('site')!;
  expect(await (await with_.renewal())(provider, old)).toMatchObject({ provider: 'site' });
  await expect((await without.renewal())(provider, old)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
});

test('once() makes a thing once', async () => {
  let made = 0;
  const get = once(() => Promise.resolve(++made));
  expect([await get(), await get(), made]).toEqual([1, 1, 1]);
});

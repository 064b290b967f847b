import { expect, test, vi } from 'vitest';
import { createControl } from '../../../src/proxy/control.ts';

const stop = vi.fn();
const control = createControl({
  isToken: (token) => token === 'good',
  certificatesPem: () => 'PEM',
  status: () => ({ port: 1 }),
  stop,
});
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  control(new Request(`http://127.0.0.1:1${path}`, { method, headers }));
const own = { authorization: 'Bearer good' };

test('createControl() answers status and CA, and stops', async () => {
  expect(await (await ask('/status', own)).json()).toEqual({ port: 1 });
  expect(await (await ask('/ca.pem', own)).text()).toBe('PEM');
  expect((await ask('/stop', own, 'POST')).status).toBe(200);
  expect(stop).toHaveBeenCalledOnce();
  expect((await ask('/other', own)).status).toBe(404);
});

test('P6: createControl() answers nobody without the token', async () => {
  for (const headers of [{}, { authorization: 'Bearer bad' }, { authorization: 'Basic good' }]) {
    for (const path of ['/status', '/ca.pem', '/other']) expect((await ask(path, headers)).status).toBe(403);
  }
});

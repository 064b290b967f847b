import { expect, test, vi } from 'vitest';
import { createControl } from '../../../src/proxy/control.ts';

const stop = vi.fn();
const control = createControl({
  isToken: (token) => token === 'good',
  certificatesPem: () => 'PEM',
  status: () => ({ pid: 1 }),
  stop,
});
const ask = (path: string, headers: Record<string, string> = { authorization: 'Bearer good' }, method = 'GET') =>
  control(new Request(`http://127.0.0.1:1${path}`, { headers, method }));

test('the control API answers whoever has the token', async () => {
  expect(await (await ask('/status')).json()).toEqual({ pid: 1 });
  expect(await (await ask('/ca.pem')).text()).toBe('PEM');
  expect((await ask('/nothing')).status).toBe(404);
  expect((await ask('/stop')).status).toBe(404);
  expect(stop).not.toHaveBeenCalled();
  expect((await ask('/stop', undefined, 'POST')).status).toBe(200);
  expect(stop).toHaveBeenCalledTimes(1);
});

test.each([{}, { authorization: 'Bearer bad' }, { authorization: 'Basic good' }, { authorization: 'bearer good' }, {
  authorization: 'Bearer good extra',
}])(
  'P3: P6: the control API refuses %j',
  async (headers) => {
    const response = await ask('/status', headers as Record<string, string>);
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('pid');
  },
);

test.each(['origin', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'cookie'])(
  'P6: whatever sends %s is a browser and gets no answer, token or not',
  async (name) => {
    const response = await ask('/status', { authorization: 'Bearer good', [name]: 'x' });
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  },
);

import { expect, test, vi } from 'vitest';
import { createControl } from '../../../src/proxy/control.ts';

const [stop, lock] = [vi.fn(), vi.fn()];
const control = createControl({
  isToken: (token) => token === 'good',
  certificatesPem: () => 'PEM',
  status: () => ({ pid: 1 }),
  metrics: () => 'sig_x 1\n',
  lock,
  stop,
});
const ask = (path: string, headers: Record<string, string> = { authorization: 'Bearer good' }, method = 'GET') =>
  control(new Request(`http://127.0.0.1:1${path}`, { headers, method }));

test('the control API answers whoever has the token', async () => {
  expect(await (await ask('/status')).json()).toEqual({ pid: 1 });
  expect(await (await ask('/ca.pem')).text()).toBe('PEM');
  expect(await (await ask('/health')).json()).toEqual({ status: 'ok' });
  const metrics = await ask('/metrics');
  expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
  expect(await metrics.text()).toBe('sig_x 1\n');
  expect((await ask('/nothing')).status).toBe(404);
  expect((await ask('/lock')).status).toBe(404);
  expect(lock).not.toHaveBeenCalled();
  expect(await (await ask('/lock', undefined, 'POST')).json()).toEqual({ locked: true });
  expect(lock).toHaveBeenCalledTimes(1);
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
    for (const path of ['/status', '/health', '/metrics', '/ca.pem', '/nothing']) {
      const response = await ask(path, headers as Record<string, string>);
      expect([path, response.status]).toEqual([path, 403]);
      expect(await response.text()).not.toMatch(/pid|sig_x|PEM/);
    }
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

test('the help page is for whoever typed the address, and nothing can run in it', async () => {
  const typed = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  for (const headers of [{}, typed, { ...typed, cookie: 'a=1' }]) {
    const response = await ask('/', headers as Record<string, string>);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await response.text()).toContain('sig proxy trust');
  }
  expect((await ask('/', {}, 'POST')).status).toBe(403);
});

test.each([
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'iframe' },
  { 'sec-fetch-dest': 'image' },
])('P6: the help page is not for a page of the web: %j', async (headers) => {
  const response = await ask('/', headers as Record<string, string>);
  expect(response.status).toBe(403);
  expect(await response.text()).not.toContain('sig proxy trust');
});

// What workerd runs: each case calls an example Worker, which is bound as a service.

interface Service {
  fetch(input: string, init?: RequestInit): Promise<Response>;
}

interface Bindings {
  readonly SIGN: Service;
  readonly BROKER: Service;
}

async function expectAnswer(response: Response, status: number, part: string): Promise<void> {
  const text = await response.text();
  if (response.status !== status || !text.includes(part)) {
    throw new Error(`expected ${status} with ${part}, got ${response.status}: ${text}`);
  }
  console.log(`PASSED ${status} ${part}`);
}

const worker = {
  async test(_: unknown, { SIGN, BROKER }: Bindings): Promise<void> {
    const headers = { authorization: 'Bearer broker-key' };
    await expectAnswer(await SIGN.fetch('https://sign.example/orders/7'), 200, '"jkt":');
    await expectAnswer(await SIGN.fetch('https://sign.example/orders/8'), 200, '"id":"8"');
    await expectAnswer(await BROKER.fetch('https://b.example/api.example.com/me', { headers }), 200, 'Ada');
    await expectAnswer(await BROKER.fetch('https://b.example/api.example.com/me'), 401, 'E_PROXY_AUTH');
    await expectAnswer(
      await BROKER.fetch('https://b.example/api.example.com/me', { headers, method: 'DELETE' }),
      403,
      'E_NOT_ALLOWED',
    );
    await expectAnswer(await BROKER.fetch('https://b.example/evil.example/me', { headers }), 403, 'E_NO_PROVIDER');
    await expectAnswer(
      await BROKER.fetch('https://b.example/api.example.com/token', { headers }),
      403,
      'E_NOT_ALLOWED',
    );
    await expectAnswer(
      await BROKER.fetch('https://b.example/api.example.com/echo', { headers }),
      200,
      '[sig:redacted:api]',
    );
    await expectAnswer(
      await BROKER.fetch('https://b.example/api.example.com/moved', { headers, redirect: 'manual' }),
      302,
      '',
    );
  },
};

export { worker as default };

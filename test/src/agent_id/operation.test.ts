import { expect, test } from 'vitest';
import type { Manifest, Operation } from '../../../src/agent_id/manifest.ts';
import { planOperation } from '../../../src/agent_id/operation.ts';

const ID = { id: { type: 'string' as const }, tags: { type: 'array' as const }, n: { type: 'integer' as const } };
const base: Operation = {
  name: 'op',
  description: 'x',
  method: 'GET',
  path: '/notes/{id}',
  auth: 'required',
  inputSchema: { type: 'object', properties: ID },
};

function plan(
  change: Partial<Operation>,
  input: Record<string, unknown>,
  confirmed = false,
  auth: Partial<Manifest['auth']> = {},
) {
  const manifest: Manifest = {
    version: 2,
    auth: { header: 'Authorization', scheme: 'DPoP', ...auth },
    api: { base: 'https://api.example/v1/', operations: [{ ...base, ...change }] },
  };
  return planOperation(manifest, 'op', input, confirmed);
}

test('planOperation() fills the path and makes a query of the rest', () => {
  expect(plan({}, { id: 'a/b ?#ü', tags: ['x', 'y z'], n: 3 })).toEqual({
    method: 'GET',
    url: 'https://api.example/v1/notes/a%2Fb%20%3F%23%C3%BC?tags=x&tags=y+z&n=3',
    isSigned: true,
  });
});

test('planOperation() makes a JSON body for the writing methods', () => {
  const { body, ...rest } = plan({ method: 'POST' }, { id: 'a', n: 3 });
  expect(rest).toEqual({
    method: 'POST',
    url: 'https://api.example/v1/notes/a',
    contentType: 'application/json',
    isSigned: true,
  });
  expect(new TextDecoder().decode(body)).toBe('{"n":3}');
  const { inputSchema: _, ...bare } = base;
  expect(
    planOperation(
      {
        version: 2,
        auth: { header: 'Authorization', scheme: 'DPoP' },
        api: { base: 'https://api.example/', operations: [{ ...bare, method: 'POST', path: '/go' }] },
      },
      'op',
      {},
      false,
    ),
  ).toEqual({
    method: 'POST',
    url: 'https://api.example/go',
    isSigned: true,
  });
});

test.each(['..', '.', '', undefined])('C12: planOperation() does not put %o into a path', (id) => {
  expect(() => plan({}, id === undefined ? {} : { id })).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test('C13: DELETE and destructive hints need a confirmation', () => {
  for (
    const change of [{ method: 'DELETE' as const }, { annotations: { destructiveHint: true, readOnlyHint: true } }]
  ) {
    expect(() => plan(change, { id: 'a' })).toThrow(expect.objectContaining({ code: 'E_CONFIRM' }));
    expect(plan(change, { id: 'a' }, true).url).toBe('https://api.example/v1/notes/a');
  }
});

test('planOperation() presents a bound token in no other way than DPoP', () => {
  expect(() => plan({}, { id: 'a' }, false, { scheme: 'Bearer' })).toThrow(
    expect.objectContaining({ code: 'E_MANIFEST' }),
  );
  expect(() => plan({}, { id: 'a' }, false, { header: 'X-Token' })).toThrow(
    expect.objectContaining({ code: 'E_MANIFEST' }),
  );
  expect(plan({}, { id: 'a' }, false, { header: 'authorization' }).isSigned).toBe(true);
  expect(plan({ auth: 'none' }, { id: 'a' }, false, { scheme: 'Bearer' }).isSigned).toBe(false);
  expect(plan({}, { id: 'a' }, false, { scheme: 'none' }).isSigned).toBe(false);
});

test('planOperation() knows no other operation', () => {
  const manifest: Manifest = {
    version: 1,
    auth: { header: 'Authorization', scheme: 'DPoP' },
    api: { base: 'https://api.example/' },
  };
  expect(() => planOperation(manifest, 'op', {}, true)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

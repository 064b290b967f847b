import { expect, test } from 'vitest';
import { audienceFields } from '../../../src/oauth/audience.ts';

test('audienceFields() names an absolute URI as the resource too (RFC 8707 §2)', () => {
  const audience = 'https://api.example/v1?a=b';
  expect(audienceFields(audience)).toEqual({ audience, resource: audience });
});

test.each(['api', 'urn:api', 'api.example', 'https://', 'https://api.example/#part', 'javascript:x'])(
  'audienceFields(%j) is no resource',
  (audience) => expect(audienceFields(audience)).toEqual({ audience }),
);

test('audienceFields() of nothing is nothing', () => expect(audienceFields(undefined)).toEqual({}));

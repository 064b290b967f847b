import { expect, test } from 'vitest';
import { within } from '../../../../cli/platform/browser/within.ts';

test('within() gives the result, or another value for what fails or does not come', async () => {
  expect(await within(60_000, Promise.resolve('done'), 'other')).toBe('done');
  expect(await within(60_000, Promise.reject(new Error('the frame is gone')), 'other')).toBe('other');
  expect(await within(1, new Promise(() => {}), 'other')).toBe('other');
});

import { expect, test } from 'vitest';
import { HELP_FIELDS, HELP_PAGE } from '../../../src/proxy/help_page.ts';

test('P6: the help page needs nothing that its policy forbids', () => {
  expect(HELP_FIELDS['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
  expect(HELP_PAGE).not.toMatch(/<script|<style|<img|<link|<iframe|<form|\son\w+=|style=|https?:/i);
});

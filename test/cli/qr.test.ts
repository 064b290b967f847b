import { expect, test } from 'vitest';
import { renderQr } from '../../cli/qr.ts';

test('renderQr() draws with blocks and fits a terminal of 80 columns', () => {
  const lines = renderQr('https://sso.example/device?user_code=ABCD-EFGH').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line).toMatch(/^[ \u2580\u2584\u2588]{1,80}$/);
});

import { expect, test } from 'vitest';
import { configError, formatIssue } from '../../../src/config/issue.ts';

const issue = {
  line: 4,
  column: 3,
  message: 'unknown key "domian"',
  hint: 'did you mean "domains"?',
  provider: 'jira',
};
const other = { line: 9, column: 1, message: '"ttl" is empty' };

test('formatIssue() is one line with place, provider and hint', () => {
  expect(formatIssue(issue)).toBe('line 4, column 3: jira: unknown key "domian" (did you mean "domains"?)');
  expect(formatIssue(other)).toBe('line 9, column 1: "ttl" is empty');
});

test('configError() of one mistake carries its hint', () => {
  expect(configError('~/.sig/config.yaml', [issue])).toMatchObject({
    code: 'E_CONFIG',
    message: 'Cannot read config "~/.sig/config.yaml": line 4, column 3: jira: unknown key "domian"',
    hint: 'did you mean "domains"?',
    provider: 'jira',
  });
});

test('configError() of several lists them all', () => {
  expect(configError('c', [issue, other]).message).toBe(
    'Cannot read config "c": 2 mistakes\n' +
      '  line 4, column 3: jira: unknown key "domian" (did you mean "domains"?)\n' +
      '  line 9, column 1: "ttl" is empty',
  );
});

test('configError() without a mistake is a misuse', () => {
  expect(() => configError('c', [])).toThrow(RangeError);
});

// Writes the table of error codes into README.md, between its two marks: `npm run docs:errors`.
// test/rule/errors.test.ts holds both equal.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatErrorTable, replaceErrorTable } from './format_error_table.ts';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));
await writeFile(readme, replaceErrorTable(await readFile(readme, 'utf8'), formatErrorTable()));

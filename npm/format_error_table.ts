import { ERROR_TABLE } from '../src/errors.ts';

const BLOCK = /(<!-- codes:[^>]*-->\n)[\s\S]*?(<!-- \/codes -->)/;

/** The error codes as a Markdown table, in the form in which `deno fmt` leaves it. */
export function formatErrorTable(): string {
  const rows = [
    ['code', 'exit', 'when'],
    ...Object.entries(ERROR_TABLE).map(([code, { exit, when }]) => [`\`${code}\``, String(exit), when]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

/** A text with the table between its marks, which must be there. */
export function replaceErrorTable(text: string, table: string): string {
  if (!BLOCK.test(text)) {
    throw new Error('README.md has no place for the table: "<!-- codes: … -->" to "<!-- /codes -->"');
  }
  return text.replace(BLOCK, (_block, start, end) => `${start}\n${table}\n\n${end}`);
}

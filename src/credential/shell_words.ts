import { badImport } from './imported.ts';

const ANSI_C: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

const ANSI_C_CODE = /^(?:x([\dA-Fa-f]{1,2})|u([\dA-Fa-f]{1,4})|U([\dA-Fa-f]{1,8})|([0-7]{1,3}))/;

/**
 * Splits text into the words of its commands, as bash would: quotes of all three kinds, backslash,
 * continued lines, and `;`, `&` or a line's end between commands. Nothing is expanded, and what
 * bash would expand or run is refused.
 *
 * @throws {SigError} E_IMPORT when a quote stays open, or the text would be expanded
 */
export function splitCommands(text: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  let at = 0;
  const endWord = () => {
    if (word !== undefined) commands.at(-1)!.push(word);
    word = undefined;
  };
  while (at < text.length) {
    const char = text[at]!;
    const next = text[at + 1];
    if (char === '\\') {
      // A backslash and a line's end vanish; before anything else it is a quote for one character.
      const gap = /^\\\r?\n/.exec(text.slice(at, at + 3))?.[0].length;
      if (gap === undefined) word = (word ?? '') + (next ?? '');
      at += gap ?? 2;
    } else if (char === "'" || (char === '$' && next === "'")) {
      const quoted = char === "'" ? readSingle(text, at + 1) : readAnsiC(text, at + 2);
      word = (word ?? '') + quoted.value;
      at = quoted.end;
    } else if (char === '"') {
      const quoted = readDouble(text, at + 1);
      word = (word ?? '') + quoted.value;
      at = quoted.end;
    } else if (/[\s;&]/.test(char)) {
      endWord();
      if (/[\n;&]/.test(char)) commands.push([]);
      at++;
    } else {
      if (/[$`|<>(){}*]/.test(char) || (char === '#' && word === undefined)) throw refuse(at);
      word = (word ?? '') + char;
      at++;
    }
  }
  endWord();
  return commands.filter((words) => words.length > 0);
}

interface Quoted {
  readonly value: string;
  /** Index behind the closing quote. */
  readonly end: number;
}

function readSingle(text: string, start: number): Quoted {
  const end = text.indexOf("'", start);
  if (end < 0) throw openQuote(start);
  return { value: text.slice(start, end), end: end + 1 };
}

function readDouble(text: string, start: number): Quoted {
  let value = '';
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') return { value, end: at + 1 };
    if (char === '$' || char === '`') throw refuse(at);
    if (char !== '\\') value += char;
    else {
      const next = text[++at] ?? '';
      if (next !== '\n') value += /["\\$`]/.test(next) ? next : `\\${next}`;
    }
  }
  throw openQuote(start);
}

function readAnsiC(text: string, start: number): Quoted {
  let value = '';
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === "'") return { value, end: at + 1 };
    if (char !== '\\') {
      value += char;
      continue;
    }
    const rest = text.slice(at + 1, at + 10);
    const code = ANSI_C_CODE.exec(rest);
    if (code) {
      const hex = code[1] ?? code[2] ?? code[3];
      const point = hex === undefined ? parseInt(code[4]!, 8) : parseInt(hex, 16);
      if (point > 0x10ffff) throw refuse(at);
      value += String.fromCodePoint(point);
      at += code[0].length;
    } else {
      const plain = ANSI_C[rest[0] ?? ''];
      if (plain === undefined) throw refuse(at);
      value += plain;
      at++;
    }
  }
  throw openQuote(start);
}

function openQuote(at: number): Error {
  return badImport(
    `the quote at character ${at} is never closed`,
    'copy the whole command, with "Copy as cURL (bash)"',
  );
}

function refuse(at: number): Error {
  return badImport(
    `the shell would expand or run what stands at character ${at + 1}`,
    'copy the command with "Copy as cURL (bash)", and change nothing in it',
  );
}

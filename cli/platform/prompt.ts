import { closeSync, openSync } from 'node:fs';
import process from 'node:process';
import { ReadStream, WriteStream } from 'node:tty';
import { SigError } from '../../src/errors.ts';
import type { Prompt } from '../../src/ports.ts';
import { Secret } from '../../src/secret.ts';

/**
 * Asks at the controlling terminal, not at stdin: a pipe or an agent cannot answer for the person.
 *
 * @throws {SigError} E_TTY from each question when there is no terminal, E_INTERRUPTED on Ctrl-C
 */
export function createPrompt(printable: (text: string) => string): Prompt {
  return {
    line: async (question) => await ask(`${printable(question)}: `, true),
    secret: async (question) => new Secret(await ask(`${printable(question)} (hidden): `, false)),
    confirm: async (question) => /^y(?:es)?$/i.test((await ask(`${printable(question)} [y/N] `, true)).trim()),
  };
}

function ask(question: string, isShown: boolean): Promise<string> {
  const { input, output, close } = openTerminal();
  return new Promise((resolve, reject) => {
    let line = '';
    const finish = (settle: () => void) => {
      input.setRawMode(false);
      input.off('data', onData);
      output.write('\n', () => {
        close();
        settle();
      });
    };
    const onData = (chunk: Uint8Array) => {
      for (const character of new TextDecoder().decode(chunk)) {
        if (character === '\r' || character === '\n') return finish(() => resolve(line));
        if (character === '\x03') return finish(() => reject(new SigError('E_INTERRUPTED', 'Interrupted')));
        if (character === '\x04' && line === '') {
          return finish(() => reject(new SigError('E_INTERRUPTED', 'Input ended')));
        }
        if (character === '\x7f' || character === '\b') {
          if (line !== '' && isShown) output.write('\b \b');
          line = [...line].slice(0, -1).join('');
        } else if (character === '\x15') {
          if (isShown) output.write('\b \b'.repeat([...line].length));
          line = '';
        } else if (character >= ' ') {
          line += character;
          if (isShown) output.write(character);
        }
      }
    };
    input.setRawMode(true);
    input.on('data', onData);
    input.resume();
    // Last: whoever sees the question may answer at once, and by then nothing is echoed.
    output.write(question);
  });
}

/** The controlling terminal, whatever stdin and stdout are. @throws {SigError} E_TTY when there is none */
export function openTerminal(): { input: ReadStream; output: WriteStream; close: () => void } {
  const [inputPath, outputPath] = process.platform === 'win32'
    ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$']
    : ['/dev/tty', '/dev/tty'];
  let inputFd: number | undefined;
  try {
    inputFd = openSync(inputPath!, 'r+');
    const input = new ReadStream(inputFd);
    const output = new WriteStream(openSync(outputPath!, 'r+'));
    return {
      input,
      output,
      close: () => {
        input.destroy();
        output.destroy();
      },
    };
  } catch (cause) {
    if (inputFd !== undefined) closeSync(inputFd);
    throw new SigError('E_TTY', 'Cannot ask: there is no terminal', {
      hint: 'run this in a terminal, or give the value by an option',
      cause,
    });
  }
}

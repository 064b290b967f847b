import { isSigError } from '../../src/errors.ts';
import { openTerminal } from './prompt.ts';

/**
 * Calls back at each key that is pressed at the controlling terminal, without waiting for Enter.
 * Ctrl-C comes as `\x03`. Where there is no terminal nothing ever comes.
 *
 * @returns what ends it and gives the terminal back
 */
export function watchKeys(onKey: (key: string) => void): () => void {
  let terminal: ReturnType<typeof openTerminal>;
  try {
    terminal = openTerminal();
  } catch (error) {
    if (!isSigError(error, 'E_TTY')) throw error;
    return () => {};
  }
  const { input, close } = terminal;
  let isOver = false;
  input.setRawMode(true);
  input.on('data', (chunk: Uint8Array) => {
    for (const key of new TextDecoder().decode(chunk)) onKey(key);
  });
  // A terminal that hangs up is no failure of what goes on.
  input.on('error', () => {});
  input.resume();
  return () => {
    if (isOver) return;
    isOver = true;
    input.setRawMode(false);
    close();
  };
}

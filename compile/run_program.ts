import { spawn } from 'node:child_process';
import { Buffer } from 'node:buffer';

/**
 * Runs a program to its end.
 *
 * @returns its stdout
 * @throws {Error} when it fails, with its stderr
 */
export function runProgram(file: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString());
      else reject(new Error(`${file} ${args[0]} ended with status ${code}\n${Buffer.concat(stderr)}`));
    });
  });
}

import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import process from 'node:process';
import { setTimeout } from 'node:timers';

/**
 * Waits for the D-Bus session bus to greet. Native clients block the whole process on a bus that
 * accepts connections and then says nothing; this finds out beforehand.
 *
 * @param address such as `unix:path=/run/user/1000/bus`; other transports are taken on trust
 * @param timeoutMs how long it may take
 * @returns whether it answered
 */
export function isBusAlive(address: string, timeoutMs: number): Promise<boolean> {
  const [, kind, value] = /^unix:(path|abstract)=([^,;]+)/.exec(address) ?? [];
  if (value === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const path = decodeURIComponent(value);
    const socket = connect(kind === 'abstract' ? `\0${path}` : path);
    const timer = setTimeout(() => end(false), timeoutMs);
    const end = (isAlive: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isAlive);
    };
    // D-Bus Specification, "Authentication Protocol": a zero byte, then the user id as hex of its digits.
    const uid = Buffer.from(`${process.getuid?.() ?? 0}`).toString('hex');
    socket.on('connect', () => socket.write(`\0AUTH EXTERNAL ${uid}\r\n`));
    socket.on('data', () => end(true));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
  });
}

/**
 * The proxy of `test/interop/http2_proxy.ts` as a child of a test.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import type { ChildProxyOptions } from '../interop/http2_proxy.ts';
import { makeCanary } from './canary.ts';
import type { ProxyAddress } from './http2.ts';
import { bundleScript, type Child, type Runtime, runtimes, startChild } from './run_child.ts';
import type { TestServer } from './tls_server.ts';

/** A proxy that runs in a process of its own. */
export interface ChildProxy extends ProxyAddress {
  readonly canary: string;
  readonly child: Child;
  /** What was audited so far. */
  audit(): Promise<Record<string, unknown>[]>;
  /** Its memory, in MiB. Linux only. */
  memory(): Promise<number>;
}

/** Runtimes on which the proxy speaks HTTP/2. */
export const SPEAKERS: readonly Runtime[] = runtimes.filter((name) => name !== 'deno');

let script: Promise<string> | undefined;

/** Starts one for a server; it ends with the test. */
export async function useChildProxy(
  runtime: Runtime,
  server: Pick<TestServer, 'port' | 'caFile'>,
  options: Partial<ChildProxyOptions> = {},
): Promise<ChildProxy> {
  script ??= bundleScript(new URL('../interop/http2_proxy.ts', import.meta.url));
  const canary = makeCanary();
  const { port, caFile } = server;
  const child = startChild(await script, [JSON.stringify({ port, caFile, canary, ...options })], { runtime });
  onTestFinished(() => {
    child.process.kill('SIGKILL');
  });
  const line = await child.nextLine();
  if (line === undefined) throw new Error(`the proxy did not start: ${(await child.end).stderr}`);
  return {
    ...JSON.parse(line) as ProxyAddress,
    canary,
    child,
    async audit() {
      child.send('audit');
      return JSON.parse((await child.nextLine())!);
    },
    async memory() {
      const status = await readFile(`/proc/${child.process.pid}/status`, 'utf8').catch(() => '');
      // A process that has just ended has none.
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    },
  };
}

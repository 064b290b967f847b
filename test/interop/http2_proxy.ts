/** A proxy as a process of its own, on any runtime: started with its options as JSON, ended by the end of its input. */
import process from 'node:process';
import type { ProviderConfig } from '../../src/config/config.ts';
import type { ProxyTimes } from '../../cli/platform/proxy/deadline.ts';
import { startProxy } from '../_lib/start_proxy.ts';

/** What the child is told. */
export interface ChildProxyOptions {
  /** Of the server behind it. */
  readonly port: number;
  readonly caFile: string;
  readonly canary: string;
  readonly provider?: Partial<ProviderConfig>;
  readonly times?: Partial<ProxyTimes>;
}

const { port, caFile, canary, provider = {}, times } = JSON.parse(process.argv[2]!) as ChildProxyOptions;
const proxy = await startProxy({ port, caFile }, { canary, provider, listener: { times } });
console.log(JSON.stringify({ port: proxy.port, caPem: proxy.caPem }));
// A line asks for the audit log.
process.stdin.on('data', () => console.log(JSON.stringify(proxy.audit.events)));
process.stdin.on('end', () => process.exit(0));

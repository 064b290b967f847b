import process from 'node:process';
import { startProxyWorld } from '/work/wt/conform/test/runtime/proxy_lab.ts';
import { transfer } from '/work/wt/conform/test/soak/transfer.ts';
import { residentMiB } from '/work/wt/conform/test/soak/memory.ts';
import { findNodeRelease } from '/work/wt/conform/test/_lib/node_release.ts';
const r: any = await findNodeRelease(24);
const flags = (process.env.F ?? '').split(' ').filter(Boolean);
for (const way of (process.env.WAYS ?? 'down,tunnel down').split(',')) {
  const w = await startProxyWorld(
    {
      command: [r.path, ...flags, '/work/wt/conform/dist/bin/sig.cjs'],
      env: { PATH: '/nowhere' },
      installForm: 'source',
    } as any,
  );
  for (const way of ['down', 'up', 'tunnel down', 'tunnel up'] as const) await transfer(w, way, 1, 0);
  const idle = residentMiB(w.running.pid);
  const t = await transfer(w, way as any, 512, 300);
  console.log(flags.join(' '), way, Math.round(idle), '+' + Math.round(t.peakMiB - idle), Math.round(t.mibPerSec));
  await w.close();
}
process.exit(0);

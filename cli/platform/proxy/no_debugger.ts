import process from 'node:process';

/**
 * Shuts the doors into a process that holds secrets (security cases P14, R17): on Node a SIGUSR1 opens a
 * debugger unless somebody listens to it, and a report would show the heap's strings.
 */
export function refuseDebugger(): void {
  if (process.platform !== 'win32' && process.listenerCount('SIGUSR1') === 0) process.on('SIGUSR1', () => {});
  // Absent on other runtimes.
  const { report } = process as { report?: { reportOnFatalError: boolean; reportOnSignal: boolean } };
  if (report) report.reportOnFatalError = report.reportOnSignal = false;
}

/** How much more memory than idle a form may take, in MiB. What Deno's own streams hold is not ours to change. */
export function memoryLimitMiB(name: string): number {
  return name.includes('Deno') ? 160 : 64;
}

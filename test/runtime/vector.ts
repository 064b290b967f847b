/** One check that runs on every runtime: no test framework, no file, no permission. */
export interface Vector {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/** Throws unless two values are the same JSON. */
export function same(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left}`);
}

/** Throws unless an action fails with an error of that class. */
export async function rejected(action: () => unknown, kind: new (...args: never[]) => Error): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof kind) return;
    throw error;
  }
  throw new Error(`expected a ${kind.name}`);
}

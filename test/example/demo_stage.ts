import type { CommandResult } from '../_lib/command.ts';

/** What a step is to end with; what is absent may be anything. */
export interface Expected {
  readonly status: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the demo gives its parts. */
export interface DemoStage {
  title(text: string): void;
  check(what: string, holds: boolean): void;
  /** Runs `sig`, shows what it printed and checks it. */
  sig(args: readonly string[], expected: Expected): Promise<CommandResult>;
}

/**
 * A value that must not be shown.
 *
 * @module
 */

const MASK = '[secret]';

/**
 * Holds a value, mostly a string, that prints as `[secret]` everywhere: in templates, JSON, `console.log` and
 * `util.inspect`. Only {@link Secret.reveal} opens it, and that is called at the wire.
 *
 * @example
 * ```ts
 * const token = new Secret('xyz');
 * `${token}`; // "[secret]"
 * token.reveal(); // "xyz"
 * ```
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Each call site is a place where a secret leaves its box. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  static {
    // What `util.inspect` and `console.log` print on Node, Bun and Deno.
    for (const name of ['nodejs.util.inspect.custom', 'Deno.customInspect']) {
      Object.defineProperty(this.prototype, Symbol.for(name), { value: () => MASK });
    }
  }
}

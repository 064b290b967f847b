/** The little of `ahocorasick` that the benchmark uses; the package has no types. */
declare module 'ahocorasick' {
  export default class AhoCorasick {
    constructor(keywords: readonly string[]);
    search(text: string): [end: number, keywords: string[]][];
  }
}

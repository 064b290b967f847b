/** What the tests use of `psl`, whose own types its `exports` hide. */
declare module 'psl' {
  const psl: {
    /** The domain that somebody can register in a host, or `null`. */
    get(host: string): string | null;
  };
  export default psl;
}

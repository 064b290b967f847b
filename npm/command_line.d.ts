/**
 * Builds the command line.
 *
 * @param outdir default `dist/bin`
 * @returns the source files in each file that was written, by its name
 */
export declare function buildCommandLine(outdir?: string): Promise<Map<string, string[]>>;

import type { BuildOptions } from 'esbuild';

/** Folder of this checkout. */
export declare const root: string;
export declare const libraryBundle: BuildOptions;
export declare const cliBundle: BuildOptions;

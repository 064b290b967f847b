import type { BuildOptions } from 'esbuild';

/** Folder of this checkout. */
export declare const root: string;
export declare const libraryBundle: BuildOptions;
/** What all forms of the command line have in common. */
export declare const executableBundle: BuildOptions;

/** The version of this program, as deno.json and package.json have it. */
export const VERSION = '2.0.0-alpha.0';

/** The version of this build: deno.json's, which a rule test holds equal. */
export const VERSION = '2.0.0-alpha.0';

// What Deno and Bun run: no argument, no permission, no file.
import { runVectors, VECTORS } from './vectors.ts';

const passed = await runVectors((line) => console.log(line));
if (passed !== VECTORS.length) throw new Error('some vectors failed');

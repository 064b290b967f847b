// What workerd runs: `workerd test` calls test() and fails when it throws.
import { runVectors, VECTORS } from './vectors.ts';

const worker = {
  async test(): Promise<void> {
    const passed = await runVectors((line) => console.log(line));
    if (passed !== VECTORS.length) throw new Error('some vectors failed');
  },
};

export default worker;

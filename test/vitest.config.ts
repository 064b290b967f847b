import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest. Begun last, it would keep one of two workers busy when nothing is left for the other. */
const FIRST = /\/test\/(?:runtime\/forms|cli\/command\/request|rule\/artefact|interop\/cookies)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification) => FIRST.test(moduleId);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    // The core keeps nothing between tests, so its files share a process: half of what they take is starting one.
    projects: [
      { extends: true, test: { name: 'core', include: ['test/src/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'rest', include: ['test/!(src)/**/*.test.ts'] } },
    ],
    globalSetup: ['test/_lib/build_first.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
  },
});

import { join } from 'node:path';

/** Has a built command leave alone what the user has in the keyrings of the kernel, which is not the test's. */
export const NO_KEYRINGS: NodeJS.ProcessEnv = {
  NODE_OPTIONS: `--require ${join(import.meta.dirname, 'no-keyrings.cjs')}`,
};

import { join } from 'node:path';

/** Variables that keep a built command away from the user's real keyrings, and from caches in `/tmp`. */
export const NO_KEYRINGS: NodeJS.ProcessEnv = {
  NODE_OPTIONS: `--require ${join(import.meta.dirname, 'no-keyrings.cjs')}`,
};

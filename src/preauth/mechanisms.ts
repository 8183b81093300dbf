import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { PreauthMechanism } from './mechanism.ts';

/** Every mechanism, best first. */
export const mechanisms: readonly PreauthMechanism[] = [encryptedTimestamp];

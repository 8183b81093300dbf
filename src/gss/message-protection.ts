import type { SecurityContext } from './context.ts';

/** What an established context does for messages; it has both directions' sequence. */
export type MessageProtection = Pick<
  SecurityContext,
  'wrap' | 'unwrap' | 'mic' | 'verifyMic' | 'wrapSizeLimit' | 'prf'
>;

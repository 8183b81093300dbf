import type { SecurityContext } from './context.ts';

/** Protects the messages of an established context and keeps the sequence numbers of both directions. */
export type MessageProtection = Pick<
  SecurityContext,
  'wrap' | 'unwrap' | 'mic' | 'verifyMic' | 'wrapSizeLimit' | 'prf'
>;

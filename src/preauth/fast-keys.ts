import type { Key } from '../crypto/key.ts';
import { cf2 } from '../crypto/prf.ts';

/** The armor key derived from a ticket: from the authenticator's subkey and the session key (RFC 6113 §5.4.1.1). */
export function ticketArmorKey(subkey: Key, sessionKey: Key): Key {
  return cf2(subkey, sessionKey, 'subkeyarmor', 'ticketarmor');
}

/** The reply key, strengthened by the KDC's strengthen-key (RFC 6113 §5.4.3). */
export function strengthenedKey(strengthenKey: Key, replyKey: Key): Key {
  return cf2(strengthenKey, replyKey, 'strengthenkey', 'replykey');
}

/** The key of one side's encrypted challenge, from the armor key and the client's long-term key (RFC 6113 §5.4.6). */
export function challengeKey(side: 'client' | 'kdc', armorKey: Key, clientKey: Key): Key {
  return cf2(armorKey, clientKey, `${side}challengearmor`, 'challengelongterm');
}

import type { Key } from '../crypto/key.ts';
import { cf2 } from '../crypto/prf.ts';

/** The armor key that a ticket makes: of the authenticator's subkey and the session key (RFC 6113 §5.4.1.1). */
export function ticketArmorKey(subkey: Key, sessionKey: Key): Key {
  return cf2(subkey, sessionKey, 'subkeyarmor', 'ticketarmor');
}

/** The reply key that a KDC's strengthen-key makes of another (RFC 6113 §5.4.3). */
export function strengthenedKey(strengthenKey: Key, replyKey: Key): Key {
  return cf2(strengthenKey, replyKey, 'strengthenkey', 'replykey');
}

/** The key of one side's encrypted challenge: of the armor key and the client's long-term key (RFC 6113 §5.4.6). */
export function challengeKey(side: 'client' | 'kdc', armorKey: Key, clientKey: Key): Key {
  return cf2(armorKey, clientKey, `${side}challengearmor`, 'challengelongterm');
}

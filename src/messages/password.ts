import { OctetString } from '../codec/der/primitives.ts';
import { explicit, optional, sequence } from '../codec/der/schema.ts';
import { PrincipalName, Realm } from './types.ts';

/** RFC 3244 §2, ChangePasswdData. */
export const ChangePasswdData = sequence('ChangePasswdData', {
  newPasswd: explicit(0, OctetString),
  targName: optional(1, PrincipalName),
  targRealm: optional(2, Realm),
});

import type { ValueOf } from '../codec/codec.ts';
import { der, Int32 } from '../codec/der/primitives.ts';
import { constant, explicit, optional, sequence } from '../codec/der/schema.ts';
import { Ticket } from '../messages/ticket.ts';
import { PrincipalName, Realm } from '../messages/types.ts';

// What precedes the AP-REQ of user-to-user authentication (draft-swift-win2k-krb-user2user-03 §3).

export const KerbTgtRequest = sequence('KerbTgtRequest', {
  pvno: constant(explicit(0, Int32), 5),
  msgType: constant(explicit(1, Int32), 16),
  serverName: optional(2, PrincipalName),
  realm: optional(3, Realm),
});
export type KerbTgtRequest = ValueOf<typeof KerbTgtRequest>;

export const KerbTgtReply = sequence('KerbTgtReply', {
  pvno: constant(explicit(0, Int32), 5),
  msgType: constant(explicit(1, Int32), 17),
  ticket: explicit(2, der(Ticket)),
});
export type KerbTgtReply = ValueOf<typeof KerbTgtReply>;

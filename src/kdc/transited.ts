import { bytesToText, textToBytes } from '../codec/text.ts';
import { expandTransited } from '../config/realm-path.ts';
import { KDC_ERR_POLICY, KDC_ERR_TRTYPE_NOSUPP } from '../messages/error-codes.ts';
import { DISABLE_TRANSITED_CHECK } from '../messages/flags.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { RealmPolicy } from './policy.ts';
import { pathBetween } from './referral.ts';
import { refuse } from './refusal.ts';

type TransitedEncoding = EncTicketPart['transited'];

const DOMAIN_X500_COMPRESS = 1;
/** No realm was transited (RFC 4120 §3.3.3.2). */
export const NO_TRANSIT: TransitedEncoding = { trType: DOMAIN_X500_COMPRESS, contents: new Uint8Array(0) };

/** A ticket-granting ticket from another realm. */
interface ForeignTicket {
  readonly part: EncTicketPart;
  /** The realm that issued it, and the one that it is presented in. */
  readonly issuer: string;
  readonly realm: string;
}

/**
 * The transited field of tickets issued for another realm's ticket: that realm is added unless the client belongs to it
 * (RFC 4120 §3.3.3.2). Throws `Refusal` where the path is not allowed, or would remain unchecked.
 */
export function transitedBy(
  { part, issuer, realm }: ForeignTicket,
  policy: RealmPolicy,
  kdcOptions: number,
): TransitedEncoding {
  const { crealm, transited } = part;
  if (issuer === crealm && transited.contents.length === 0) return NO_TRANSIT;
  if (transited.trType !== DOMAIN_X500_COMPRESS) refuse(KDC_ERR_TRTYPE_NOSUPP, 'UNKNOWN_TRANSITED_TYPE');
  const before = expandTransited(bytesToText(transited.contents), crealm, realm);
  const realms = issuer === crealm || before.includes(issuer) ? before : [...before, issuer];
  const path = pathBetween(policy, crealm, realm);
  const allowed = realms.every(passed => path.includes(passed));
  if (!allowed || kdcOptions & DISABLE_TRANSITED_CHECK) refuse(KDC_ERR_POLICY, 'BAD_TRANSIT');
  return { trType: DOMAIN_X500_COMPRESS, contents: textToBytes(compressTransited(realms)) };
}

/** Realms in DOMAIN-X500-COMPRESS; one that ends or begins with the previous one is written as the difference. */
export function compressTransited(realms: readonly string[]): string {
  let previous = '';
  const fields = realms.map(realm => {
    const field = quote(difference(realm, previous));
    previous = realm;
    return field;
  });
  return fields.join(',');
}

function difference(realm: string, previous: string): string {
  if (previous !== '' && realm.endsWith(`.${previous}`)) return realm.slice(0, -previous.length);
  if (!realm.startsWith('/')) return realm;
  // A slash at the start of a field stands for the previous realm.
  if (previous.startsWith('/') && realm.startsWith(`${previous}/`)) return realm.slice(previous.length);
  return previous === '' ? realm : ` ${realm}`;
}

function quote(field: string): string {
  return field.replace(/[\\,]/g, '\\$&');
}

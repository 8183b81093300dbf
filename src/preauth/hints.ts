import { textToBytes } from '../codec/text.ts';
import { PA_ETYPE_INFO, PA_ETYPE_INFO2, PA_PW_SALT } from '../messages/numbers.ts';
import { EtypeInfo, EtypeInfo2 } from '../messages/preauth-data.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';

/** How to make the client's key: what string-to-key needs besides the password (RFC 3961 §3). */
export interface KeyHints {
  readonly etype: number;
  readonly salt: Uint8Array;
  readonly s2kparams: Uint8Array | undefined;
}

/** The salt where the KDC names none: realm and components without separators (RFC 4120 §4). */
export function defaultSalt(principal: Principal): string {
  return principal.realm + principal.components.join('');
}

/** Whether padata of this type name enctypes of the client's keys. */
export function namesEnctypes({ padataType }: PaData): boolean {
  return padataType === PA_ETYPE_INFO2 || padataType === PA_ETYPE_INFO;
}

/**
 * What a KDC says about the client's key in METHOD-DATA or in an AS-REP's padata (RFC 4120 §5.2.7.3–5): of the enctypes
 * that it names, the first of ours. ETYPE-INFO2 takes precedence over ETYPE-INFO, that over PW-SALT, and earlier padata
 * over later ones of their type; without any, `otherwise.etype` and the default salt. Undefined where the KDC names
 * enctypes and none is acceptable.
 */
export function findHints(
  padata: readonly PaData[],
  acceptable: readonly number[],
  otherwise: { readonly client: Principal; readonly etype: number | undefined },
): KeyHints | undefined {
  const ownSalt = textToBytes(defaultSalt(otherwise.client));
  const offers = entries(padata);
  if (offers !== undefined) {
    // Our order counts: a keytab may lack the key that the KDC prefers.
    const offer = acceptable.flatMap(etype => offers.find(entry => entry.etype === etype) ?? [])[0];
    return offer && { etype: offer.etype, salt: offer.salt ?? ownSalt, s2kparams: offer.s2kparams };
  }
  if (otherwise.etype === undefined) return undefined;
  const salt = padata.find(({ padataType }) => padataType === PA_PW_SALT)?.padataValue;
  return { etype: otherwise.etype, salt: salt ?? ownSalt, s2kparams: undefined };
}

/** The enctypes that padata name for the client's key, the preferred first; undefined where none is named. */
export function hintedEnctypes(padata: readonly PaData[]): readonly number[] | undefined {
  return entries(padata)?.map(({ etype }) => etype);
}

interface Offer {
  readonly etype: number;
  readonly salt?: Uint8Array | undefined;
  readonly s2kparams?: Uint8Array | undefined;
}

function entries(padata: readonly PaData[]): readonly Offer[] | undefined {
  const info2 = padata.find(({ padataType }) => padataType === PA_ETYPE_INFO2);
  if (info2 !== undefined) {
    return EtypeInfo2.decode(info2.padataValue).map(entry => ({
      ...entry,
      salt: entry.salt === undefined ? undefined : textToBytes(entry.salt),
    }));
  }
  const info = padata.find(({ padataType }) => padataType === PA_ETYPE_INFO);
  return info && EtypeInfo.decode(info.padataValue);
}

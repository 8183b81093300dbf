import { textToBytes } from '../codec/text.ts';
import { PA_ETYPE_INFO, PA_ETYPE_INFO2, PA_PW_SALT } from '../messages/numbers.ts';
import { EtypeInfo, EtypeInfo2 } from '../messages/preauth-data.ts';
import type { PaData } from '../messages/types.ts';
import { currentKeys, type PrincipalEntry } from './database.ts';
import { s2kparams, saltOf } from './key-version.ts';

/** The enctypes that are older than RFC 4120's ETYPE-INFO2: RC4. */
const OLD_ETYPES = [23];

/**
 * How the client derives its keys of `etypes` (RFC 4120 §5.2.7.3–5): ETYPE-INFO2, and its predecessors for a client
 * that asks for no newer enctype.
 */
export function clientHints(client: PrincipalEntry, etypes: readonly number[]): readonly PaData[] {
  const { origin, etypes: own } = currentKeys(client);
  const offered = etypes.filter(etype => own.includes(etype));
  if (offered.length === 0) return [];
  const rows = offered.map(etype => ({
    etype,
    salt: origin && saltOf(etype, origin),
    s2kparams: origin && s2kparams(etype, origin),
  }));
  const info2 = { padataType: PA_ETYPE_INFO2, padataValue: EtypeInfo2.encode(rows) };
  if (origin === undefined || etypes.some(etype => !OLD_ETYPES.includes(etype))) return [info2];
  const bytes = textToBytes(saltOf(offered[0]!, origin));
  const info = EtypeInfo.encode(offered.map(etype => ({ etype, salt: bytes })));
  return [
    info2,
    { padataType: PA_ETYPE_INFO, padataValue: info },
    { padataType: PA_PW_SALT, padataValue: bytes },
  ];
}

/** The hints for one enctype, which are part of every reply to the client; the last ones are cached with its keys. */
export function hintsOfReply(client: PrincipalEntry, etype: number): readonly PaData[] {
  const version = currentKeys(client);
  if (version.hints?.etype !== etype) version.hints = { etype, padata: clientHints(client, [etype]) };
  return version.hints.padata;
}

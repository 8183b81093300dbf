import { bytesToText } from '../codec/text.ts';
import { padataName } from '../messages/padata-names.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import { defaultSalt, hintedEnctypes, type KeyHints, namesEnctypes } from '../preauth/hints.ts';
import type { Trace } from '../trace.ts';
import { enctypeText } from './telling.ts';

/** Traces what a KDC offers for pre-authentication. */
export function tellOffers(trace: Trace, padata: readonly PaData[]): void {
  const padataTypes = padata.map(({ padataType }) => padataType);
  const list = padataTypes.map(type => `${padataName(type) ?? 'padata'} (${type})`).join(', ');
  trace(`Processing preauth types: ${list || '(empty)'}`, { kind: 'offers', padataTypes });
}

/** Traces the enctypes that a KDC names for the client's key, and the one that was chosen. */
export function tellHints(
  trace: Trace,
  padata: readonly PaData[],
  { hints, client }: { readonly hints: KeyHints | undefined; readonly client: Principal },
): void {
  if (!padata.some(namesEnctypes)) return;
  const enctypes = hintedEnctypes(padata) ?? [];
  if (hints === undefined) {
    const list = enctypes.map(enctypeText).join(', ');
    trace(`No etype info is for an enctype that is permitted: ${list}`, { kind: 'hints', enctypes });
    return;
  }
  const salt = bytesToText(hints.salt);
  const params = hints.s2kparams === undefined ? '' : Buffer.from(hints.s2kparams).toString('hex');
  trace(
    `Selected etype info: etype ${enctypeText(hints.etype)}, salt ${JSON.stringify(salt)}, params "${params}"`,
    { kind: 'hints', enctypes, enctype: hints.etype, salt, usualSalt: salt === defaultSalt(client) },
  );
}

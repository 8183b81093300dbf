import { askKeyHints } from '../../client/key-hints.ts';
import { enctypeText } from '../../client/telling.ts';
import { permittedEnctypes } from '../../config/enctypes.ts';
import { isSupported } from '../../crypto/enctype-list.ts';
import { isWeak } from '../../crypto/enctype-names.ts';
import { KerberosError } from '../../errors.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { KDC_ERR_PREAUTH_REQUIRED } from '../../messages/error-codes.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import type { Session } from '../session.ts';
import { bad, type Finding, failed, good, note } from './finding.ts';

/** Checks whether the KDC knows the client, and which of its keys may be used here. */
export async function checkAccount(client: Principal, session: Session): Promise<readonly Finding[]> {
  const subject = formatPrincipal(client);
  try {
    // Enctypes that are not permitted are requested as well, to be able to report them.
    const permitted = permittedEnctypes(session.config);
    const enctypes = [...new Set([...permitted, ...EVERY])];
    const hints = await askKeyHints(client, exchangeOptions(session, enctypes));
    const theirs = [...new Set(hints.map(({ etype }) => etype))];
    const common = theirs.filter(etype => permitted.includes(etype));
    const list = theirs.map(enctypeText).join(', ');
    if (common.length === 0) {
      const text = `its keys are ${list}, none of which is permitted here`;
      return [bad(subject, text, 'set a new password, which creates AES keys')];
    }
    if (common.every(isWeak)) {
      const text = `its keys only have deprecated enctypes: ${list}`;
      return [bad(subject, text, 'set a new password, which creates AES keys')];
    }
    return [good(subject, `the KDC knows it; enctypes in common: ${common.map(enctypeText).join(', ')}`)];
  } catch (error) {
    const lacksKeys = error instanceof KerberosError && error.code === 'ENCTYPE_UNSUPPORTED';
    if (lacksKeys && wantsMore(session)) {
      const others = 'a certificate (kinit -X) or a one-time password (kinit --anonymous-armor)';
      return [
        note(subject, `the KDC knows it, but no password of it that can be used; it may have ${others}`),
      ];
    }
    return [failed(subject, error, session.io)];
  }
}

/** Whether the KDC asked for pre-authentication in the end, as it does of a client who needs no key. */
function wantsMore({ decisions }: Session): boolean {
  const last = decisions.findLast(({ fact }) => fact?.kind === 'kdc-error')?.fact;
  return last?.kind === 'kdc-error' && last.number === KDC_ERR_PREAUTH_REQUIRED;
}

/** Every enctype that has keys here. */
const EVERY: readonly number[] = [18, 17, 20, 19, 26, 25, 23].filter(isSupported);

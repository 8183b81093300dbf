import { openPriv } from '../../ap/priv.ts';
import { bytesToText } from '../../codec/text.ts';
import type { Key } from '../../crypto/key.ts';
import { CodecError, IntegrityError, KerberosError } from '../../errors.ts';
import type { Authenticator } from '../../messages/ap.ts';
import { INITIAL } from '../../messages/flags.ts';
import { ChangePasswdData } from '../../messages/password.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  toPrincipal,
} from '../../messages/principal.ts';
import type { EncTicketPart } from '../../messages/ticket.ts';
import { admitClient, checkSameAccount } from '../admission.ts';
import { currentKeys, type PrincipalEntry, type WritableDatabase } from '../database.ts';
import type { Exchange } from '../exchange.ts';
import type { Kdc } from '../kdc.ts';
import { contentFault, reuseFault, versionsKept } from '../password-quality.ts';
import { type NamedPolicy, namedPolicy } from '../policy.ts';
import { Refusal } from '../refusal.ts';
import type { Comparisons } from './comparisons.ts';
import {
  KPASSWD_ACCESSDENIED,
  KPASSWD_HARDERROR,
  KPASSWD_INITIAL_FLAG_NEEDED,
  KPASSWD_MALFORMED,
  KPASSWD_SOFTERROR,
  KPASSWD_SUCCESS,
  type PasswordMessage,
  type PasswordResult,
} from './message.ts';

/** No real password is longer. */
const MAX_PASSWORD_BYTES = 1024;
/** In milliseconds; tickets for our own service live half as long. */
const MAX_TICKET_AGE = 600_000;

/** The authenticated client, and what was agreed on with it. */
export interface PasswordClient {
  readonly principal: Principal;
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
  readonly authenticator: Authenticator;
  /** The client's subkey, which seals the reply. */
  readonly key: Key;
}

export interface Surroundings {
  readonly exchange: Exchange;
  readonly kdc: Kdc;
  readonly database: WritableDatabase;
  readonly comparisons: Comparisons;
}

/** The outcome of an authenticated client's request, which states any reason for refusing it. */
export function changePasswordOf(
  message: PasswordMessage,
  client: PasswordClient,
  around: Surroundings,
): PasswordResult {
  try {
    return change(message, client, around);
  } catch (cause) {
    if (cause instanceof Refusal)
      return { code: KPASSWD_ACCESSDENIED, text: 'Your account is locked or has ended.', cause };
    if (cause instanceof IntegrityError)
      return { code: KPASSWD_HARDERROR, text: 'The request cannot be opened.' };
    if (cause instanceof CodecError) return { code: KPASSWD_MALFORMED, text: 'The request cannot be read.' };
    if (cause instanceof KerberosError)
      return { code: KPASSWD_HARDERROR, text: 'The password could not be changed.', cause };
    throw cause;
  }
}

function change(message: PasswordMessage, client: PasswordClient, around: Surroundings): PasswordResult {
  const { kdc, database, exchange } = around;
  const asker = entryOf(client.principal, database);
  if (asker === undefined) return { code: KPASSWD_ACCESSDENIED, text: 'You are not known here.' };
  admitClient(asker, exchange.now);
  checkSameAccount(asker, client.part);
  kdc.state.logins.admit(asker, exchange.now);
  const wish = readWish(message, client);
  if ('code' in wish) return wish;
  const isOwn = samePrincipal(wish.target, client.principal);
  if (isOwn && !(client.part.flags & INITIAL)) {
    return { code: KPASSWD_INITIAL_FLAG_NEEDED, text: 'The ticket must be had by the password.' };
  }
  if (!isOwn && asker.policy.setsPasswords !== true) {
    return { code: KPASSWD_ACCESSDENIED, text: 'You may not set the passwords of others.' };
  }
  const target = entryOf(wish.target, database);
  if (target === undefined) return { code: KPASSWD_HARDERROR, text: 'There is no such principal.' };
  // Whoever has the key of a ticket-granting service can impersonate anybody; and the right to set passwords is limited
  // to the own realm.
  if (isTgs(target.principal) || target.principal.realm !== asker.principal.realm) {
    return { code: KPASSWD_ACCESSDENIED, text: 'That password is not to be set in this way.' };
  }
  const policy = namedPolicy(database.realm(target.principal.realm), target.policy);
  const { minPasswordLife = 0, maxPasswordLife } = policy;
  const changed = target.policy.passwordChanged?.getTime();
  if (isOwn && isLaidIn(client.part, changed, exchange.now)) {
    return { code: KPASSWD_INITIAL_FLAG_NEEDED, text: 'The ticket is of the time before the last change.' };
  }
  if (isOwn && changed !== undefined && exchange.now < changed + minPasswordLife * 1000) {
    return {
      code: KPASSWD_SOFTERROR,
      text: 'The password was changed only lately: wait before you do it again.',
    };
  }
  const fault = contentFault(wish.password, policy) ?? reuseOf(wish.password, target, policy, around);
  if (fault !== undefined) return { code: KPASSWD_SOFTERROR, text: fault };
  const { etypes, origin } = currentKeys(target);
  database.addKeys(
    target.principal,
    { password: wish.password, enctypes: etypes, iterations: origin?.iterations },
    {
      keep: versionsKept(policy),
      policy: {
        passwordChanged: new Date(exchange.now),
        passwordExpiration:
          maxPasswordLife === undefined ? undefined : new Date(exchange.now + maxPasswordLife * 1000),
      },
    },
  );
  kdc.state.logins.unlock(target.principal);
  return { code: KPASSWD_SUCCESS, text: '' };
}

/**
 * Whether a ticket was had by a former password and renewed or postdated since, as by somebody who has lost access; one
 * of late may be that of the very change, whose answer was lost.
 */
function isLaidIn({ authtime }: EncTicketPart, changed: number | undefined, now: number): boolean {
  const made = authtime.getTime();
  return changed !== undefined && made < Math.floor(changed / 1000) * 1000 && now > made + MAX_TICKET_AGE;
}

/** The entry of a principal in a served realm, by its own name. */
function entryOf({ components, realm }: Principal, database: WritableDatabase): PrincipalEntry | undefined {
  return database.realm(realm) === undefined ? undefined : database.find(components, realm);
}

function reuseOf(
  password: string,
  target: PrincipalEntry,
  policy: NamedPolicy,
  { comparisons, exchange: { now } }: Surroundings,
): string | undefined {
  if (!policy.history) return undefined;
  const count = Math.min(target.keys.length, versionsKept(policy));
  if (!comparisons.admit(formatPrincipal(target.principal), count, now)) {
    return 'That was too soon after the last attempt: try again.';
  }
  return reuseFault(password, target, policy);
}

/** Decrypts what the client wants; returns a result if that fails. Throws IntegrityError, CodecError, KerberosError. */
function readWish(
  { priv, names }: PasswordMessage,
  client: PasswordClient,
): { readonly target: Principal; readonly password: string } | PasswordResult {
  const { userData, seqNumber } = openPriv(priv, client.key);
  if (seqNumber !== client.authenticator.seqNumber) {
    return { code: KPASSWD_HARDERROR, text: 'The parts of the request do not belong together.' };
  }
  const { newPasswd, targName, targRealm } = names
    ? ChangePasswdData.decode(userData)
    : { newPasswd: userData };
  if (newPasswd.length > MAX_PASSWORD_BYTES)
    return { code: KPASSWD_SOFTERROR, text: 'The password is too long.' };
  const realm = targRealm ?? client.principal.realm;
  const target = targName === undefined ? client.principal : toPrincipal(targName, realm);
  const password = bytesToText(newPasswd);
  if (/\p{Surrogate}/u.test(password))
    return { code: KPASSWD_SOFTERROR, text: 'The password is not in UTF-8.' };
  return { target, password };
}

import { changePassword, type PasswordOutcome } from '../ap/change-password.ts';
import { getInitialCredential, type InitialOptions } from '../client/initial.ts';
import { printable } from '../codec/text.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { NT_SRV_INST } from '../messages/numbers.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { createTransport } from '../transport/transport.ts';
import { autoArmor } from './auto-armor.ts';
import { exchangeOptions } from './exchange.ts';
import type { Session } from './session.ts';

/** The password as it is, or what returns it, and as it is to be. */
export interface PasswordChange {
  readonly password: string | (() => Promise<string>);
  readonly newPassword: string;
  /** Whose password is set, by the client as an administrator; the client's own is changed if not given. */
  readonly target?: Principal | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A ticket for a password server. */
export interface PasswordTicket {
  readonly credential: Credential;
  readonly kdcOffset: number | undefined;
  /** Whose password is set; the client's own is changed if not given. */
  readonly target?: Principal | undefined;
}

/** What a password server answers. */
export interface PasswordAnswer {
  readonly changed: boolean;
  /** Whether another password may be accepted if this one was not. */
  readonly soft: boolean;
  /** The server's objection; empty if the password was changed. */
  readonly sentence: string;
}

/** Gets the ticket of a client with a password. */
export type PasswordLogin = (client: Principal, password: () => Promise<string>) => Promise<PasswordTicket>;

/** Seconds, long enough for a person to think of a new password. */
const TICKET_LIFETIME = 300;

/** Changes a client's password, or sets that of `target`. Throws what `changePassword` of `LocalKerberos` throws. */
export async function changeOwnPassword(
  client: Principal,
  { password, newPassword, target, signal }: PasswordChange,
  session: Session,
): Promise<void> {
  const login: PasswordLogin = async (owner, secret) => {
    const armor = await autoArmor({ realm: owner.realm, signal }, session);
    return passwordTicket(owner, secret, session, { armor, signal });
  };
  const own = await login(client, typeof password === 'string' ? async () => password : password);
  const { changed, sentence } = await setPassword({ ...own, target }, newPassword, session, {
    login,
    signal,
  });
  if (!changed) throw new KerberosError('PASSWORD_NOT_CHANGED', sentence);
}

/** An initial ticket of `client` for the password server, which is issued even if the password has expired. */
export function passwordTicket(
  client: Principal,
  password: () => Promise<string>,
  session: Session,
  { armor, signal }: Pick<InitialOptions, 'armor' | 'signal'> = {},
): Promise<PasswordTicket> {
  const { realm } = client;
  const exchange = exchangeOptions(session, defaultTktEnctypes(session.config));
  return getInitialCredential(
    client,
    { password },
    {
      ...exchange,
      kdcTimesync: session.config.libdefaults.kdcTimesync,
      server: { nameType: NT_SRV_INST, components: ['kadmin', 'changepw'], realm },
      lifetime: TICKET_LIFETIME,
      armor,
      signal: signal ?? exchange.signal,
    },
  );
}

/** Has the password server set `password`. */
export async function setPassword(
  { credential, kdcOffset, target }: PasswordTicket,
  password: string,
  session: Session,
  { login, signal: ours }: { readonly login: PasswordLogin; readonly signal?: AbortSignal | undefined },
): Promise<PasswordAnswer> {
  const { trace } = session;
  const { now, signal = ours } = exchangeOptions(session, []);
  const transport = createTransport(session.config, { service: 'kpasswd', trace });
  trace(`Sending the new password of ${formatPrincipal(target ?? credential.client)} to the password server`);
  const outcome = await changePassword(credential, password, { transport, target, now, kdcOffset, signal });
  trace(`Password change ${outcome.status}: ${outcome.result}`);
  if (outcome.status === 'rejected') {
    return { changed: false, soft: outcome.soft, sentence: sentenceOf(outcome) };
  }
  // An unproven answer is not authenticated, but logging in with the new password shows whether it is valid.
  if (outcome.status === 'unproven') await login(target ?? credential.client, async () => password);
  return { changed: true, soft: false, sentence: '' };
}

/** The server's words may have several lines. */
function sentenceOf({ result, text }: PasswordOutcome): string {
  const lines = text.split('\n').map(line => line.split('\t').map(printable).join('\t'));
  return text === '' ? result : `${result}: ${lines.join('\n')}`;
}

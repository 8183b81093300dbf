import { changePassword, type PasswordOutcome } from '../ap/change-password.ts';
import { getInitialCredential } from '../client/initial.ts';
import type { ArmorSource } from '../client/ticket-armor.ts';
import { printable } from '../codec/text.ts';
import { defaultTktEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import { during } from '../local/activity.ts';
import { exchangeOptions } from '../local/exchange.ts';
import type { Credential } from '../messages/credential.ts';
import { NT_SRV_INST } from '../messages/numbers.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { createTransport } from '../transport/transport.ts';
import type { Session } from './session.ts';
import type { Io } from './terminal.ts';

/** A ticket for a password server. */
export interface PasswordTicket {
  readonly credential: Credential;
  readonly kdcOffset: number | undefined;
  /** Whose password is set; the client's own is changed if not given. */
  readonly target?: Principal | undefined;
}

interface PasswordChange {
  readonly changed: boolean;
  /** Whether another password may be accepted if this one was not. */
  readonly soft: boolean;
  /** The server's objection; empty if the password was changed. */
  readonly sentence: string;
}

/** Seconds, long enough for a person to think of a new password. */
const TICKET_LIFETIME = 300;

/** An initial ticket of `principal` for the password server, which is issued even if the password has expired. */
export async function passwordTicket(
  principal: Principal,
  password: () => Promise<string>,
  session: Session,
): Promise<PasswordTicket> {
  const { realm } = principal;
  const armor = session.config.realm(realm).autoFastArmor
    ? await anonymousArmorOf(realm, session)
    : undefined;
  return getInitialCredential(
    principal,
    { password },
    {
      ...exchangeOptions(session, defaultTktEnctypes(session.config)),
      kdcTimesync: session.config.libdefaults.kdcTimesync,
      server: { nameType: NT_SRV_INST, components: ['kadmin', 'changepw'], realm },
      lifetime: TICKET_LIFETIME,
      armor,
    },
  );
}

async function anonymousArmorOf(realm: string, session: Session): Promise<ArmorSource> {
  const { anonymousArmor } = await import('./anonymous-armor.ts');
  return during('getting an anonymous ticket for the armor', () =>
    anonymousArmor({ realm, attributes: [] }, session),
  );
}

/** Asks for a new password, twice. Throws if the two differ. */
export async function newPassword(io: Io): Promise<string> {
  return during('reading password', async () => {
    const password = await io.readPassword('Enter new password: ');
    if ((await io.readPassword('Enter it again: ')) === password) return password;
    throw new KerberosError('PASSWORD_MISMATCH', 'Password mismatch');
  });
}

/** Has the password server set `password`. */
export async function setPassword(
  { credential, kdcOffset, target }: PasswordTicket,
  password: string,
  session: Session,
): Promise<PasswordChange> {
  const { now, signal } = exchangeOptions(session, []);
  const transport = createTransport(session.config, { service: 'kpasswd', trace: session.trace });
  session.trace(
    `Sending the new password of ${formatPrincipal(target ?? credential.client)} to the password server`,
  );
  const outcome = await changePassword(credential, password, { transport, target, now, kdcOffset, signal });
  session.trace(`Password change ${outcome.status}: ${outcome.result}`);
  if (outcome.status === 'rejected') {
    return { changed: false, soft: outcome.soft, sentence: sentenceOf(outcome) };
  }
  // An unproven answer is not authenticated, but logging in with the new password shows whether it is valid.
  if (outcome.status === 'unproven')
    await passwordTicket(target ?? credential.client, async () => password, session);
  return { changed: true, soft: false, sentence: '' };
}

/** The server's words may have several lines. */
function sentenceOf({ result, text }: PasswordOutcome): string {
  const lines = text.split('\n').map(line => line.split('\t').map(printable).join('\t'));
  return text === '' ? result : `${result}: ${lines.join('\n')}`;
}

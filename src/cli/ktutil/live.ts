import { getInitialCredential, type InitialResult } from '../../client/initial.ts';
import { readOnce, type Secret } from '../../client/secret.ts';
import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { KerberosError } from '../../errors.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { KDC_ERR_PREAUTH_FAILED } from '../../messages/error-codes.ts';
import { KdcError } from '../../messages/krb-error.ts';
import type { Principal } from '../../messages/principal.ts';
import { Ticket } from '../../messages/ticket.ts';
import type { Trace } from '../../trace.ts';
import { autoArmor } from '../auto-armor.ts';
import type { Session } from '../session.ts';

/** An initial ticket, and what it reveals about the key that it was obtained with. */
export interface Proof {
  readonly result: InitialResult;
  /** The version of that key, if the KDC tells it. */
  readonly kvno: number | undefined;
}

/** Verifies a password or the keys of a keytab with the KDC by getting an initial ticket. Throws what that throws. */
export async function proveSecret(
  principal: Principal,
  secret: Secret,
  { session, enctypes, server }: ProofOptions,
): Promise<Proof> {
  let kvno: number | undefined;
  // A KDC refuses a request without an enctype for the session key, which need not be one of the client's key.
  const options = exchangeOptions(session, [
    ...new Set([...enctypes, ...defaultTktEnctypes(session.config)]),
  ]);
  const trace: Trace = (line, fact) => {
    if (fact?.kind === 'sealed' && fact.what === 'AS-REP') kvno = fact.kvno;
    session.trace(line, fact);
  };
  const { kdcTimesync } = session.config.libdefaults;
  const lifetime = TICKET_LIFETIME;
  const result = await getInitialCredential(principal, secret, {
    ...options,
    trace,
    armor: await autoArmor({ realm: principal.realm }, session),
    kdcTimesync,
    server,
    lifetime,
  });
  return { result, kvno };
}

/**
 * The current version of the keys for a password or a keytab: from the initial ticket or, as MIT's KDC omits it there,
 * from a ticket for the client itself. Undefined if the KDC states neither.
 */
export async function liveKvno(
  principal: Principal,
  secret: Secret,
  options: ProofOptions,
): Promise<number | undefined> {
  const known = readOnce(secret);
  const { kvno } = await proveSecret(principal, known, options);
  if (kvno !== undefined) return kvno;
  try {
    const { result } = await proveSecret(principal, known, { ...options, server: principal });
    return Ticket.decode(result.credential.ticket).encPart.kvno;
  } catch (error) {
    if (error instanceof KdcError) return undefined;
    throw error;
  }
}

/** Whether the KDC has refused a password or a key. */
export function isRefused(error: unknown): error is KerberosError {
  if (error instanceof KdcError) return error.errorCode === KDC_ERR_PREAUTH_FAILED;
  return error instanceof KerberosError && ['PASSWORD_INCORRECT', 'PREAUTH_FAILED'].includes(error.code);
}

interface ProofOptions {
  readonly session: Session;
  /** Those of the client's key. */
  readonly enctypes: readonly number[];
  /** The service that the ticket is for; the realm's ticket-granting service if not given. */
  readonly server?: Principal;
}

/** In seconds; the ticket is not kept. */
const TICKET_LIFETIME = 300;

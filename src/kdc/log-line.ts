import { enctypeName } from '../crypto/enctype-names.ts';
import { errorName } from '../messages/error-codes.ts';
import { formatPrincipal, type Principal, toPrincipal } from '../messages/principal.ts';
import type { Exchange } from './exchange.ts';
import type { Refusal } from './refusal.ts';

/** Enough to see what a client supports; a list of thousands is an attempt at something else. */
const MAX_ETYPES = 16;
const MAX_TEXT = 256;

/** The line that krb5kdc logs for a request, `AS_REQ (…) ADDRESS: STATUS: …, CLIENT for SERVER`. */
export function logLine(kind: string, exchange: Exchange, refusal?: Refusal): string {
  const { body, peer, client, issued, behalf } = exchange;
  const asked = body === undefined ? '' : ` (${requested(body.etype)})`;
  const server = body?.sname && toPrincipal(body.sname, body.realm);
  const parties = `${named(client)} for ${named(server)}${behalf === undefined ? '' : inTheNameOf(behalf)}`;
  const outcome =
    refusal === undefined
      ? `ISSUE:${issued === undefined ? '' : ` ${ticketOf(issued)}`} ${parties}`
      : `${refusal.message}: ${parties}, ${reasonOf(refusal)}`;
  return `${kind}${asked} ${peer?.address ?? 'in-process'}: ${outcome}`;
}

/** The line for a request that got no answer because the KDC itself failed. */
export function failureLine(kind: string, error: unknown): string {
  return `${kind}: INTERNAL_ERROR (${oneLine(error instanceof Error ? error.message : String(error))})`;
}

/** The separate line that krb5kdc logs for S4U2Self and S4U2Proxy. */
function inTheNameOf({ subject, evidence }: NonNullable<Exchange['behalf']>): string {
  const kind = evidence === undefined ? 'PROTOCOL-TRANSITION' : 'CONSTRAINED-DELEGATION';
  return `, ${kind} s4u-client=${named(toPrincipal(subject.cname, subject.crealm))}`;
}

/** The name of the error and, where the KDC itself failed, why. */
function reasonOf({ errorCode, cause }: Refusal): string {
  const name = errorName(errorCode);
  return cause instanceof Error ? `${name} (${oneLine(cause.message)})` : name;
}

function requested(etypes: readonly number[]): string {
  const shown = etypes.slice(0, MAX_ETYPES).map(describe);
  const more = etypes.length > MAX_ETYPES ? ', ...' : '';
  return `${etypes.length} etypes {${shown.join(', ')}${more}}`;
}

function ticketOf({ authtime, reply, ticket, session }: NonNullable<Exchange['issued']>): string {
  const etypes = `{rep=${describe(reply)}, tkt=${describe(ticket)}, ses=${describe(session)}}`;
  return `authtime ${authtime.getTime() / 1000}, etypes ${etypes},`;
}

function describe(etype: number): string {
  return `${enctypeName(etype) ?? 'UNSUPPORTED'}(${etype})`;
}

function named(principal: Principal | undefined): string {
  if (principal === undefined) return '<unknown>';
  return oneLine(formatPrincipal(principal));
}

/**
 * External text, such as a name from the network, must neither end the line nor send control sequences to a terminal.
 */
export function oneLine(text: string): string {
  const shown = text.slice(0, MAX_TEXT).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > MAX_TEXT ? `${shown}...` : shown;
}

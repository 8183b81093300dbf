import type { ApAccepted } from '../../ap/acceptor.ts';
import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { ContextInfo } from '../../gss/context.ts';
import { sentence } from '../../local/sentences.ts';
import type { Credential } from '../../messages/credential.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { Ticket } from '../../messages/ticket.ts';
import { contextJson } from '../context-json.ts';
import { enctypeJson, lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';

/** The line that `krb5kit serve --json` prints once it listens. */
export function listeningLine(place: {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly keytab: string;
}): string {
  return lineOfJson({ event: 'listening', ...place });
}

/** The line about an accepted client. */
export function acceptedLine(from: string, facts: object, io: Io): string {
  return lineOfJson({ event: 'accepted', time: io.now(), from, ...facts });
}

/** The line about a refused client; in words without `json`. */
export function refusal(
  from: string,
  error: unknown,
  { json, io }: { readonly json: boolean; readonly io: Io },
): string {
  const message = sentence(error);
  if (!json) return `krb5kit serve: refused a client from ${from}: ${printable(message)}\n`;
  const code = error instanceof KerberosError ? error.code : 'INTERNAL';
  return lineOfJson({ event: 'refused', time: io.now(), from, code, message });
}

/** The result of an exchange of AP-REQ and AP-REP. */
export function exchangeJson({ session, ticket }: ApAccepted): object {
  const { client, server, mutual, sessionKey, initiatorSubkey } = session;
  return {
    client: formatPrincipal(client),
    server: formatPrincipal(server),
    mutual,
    sessionEnctype: enctypeJson(sessionKey.etype),
    subkeyEnctype: initiatorSubkey ? enctypeJson(initiatorSubkey.etype) : null,
    endtime: ticket.endtime,
  };
}

/** The facts about an accepted context. */
export function acceptedContextJson(info: ContextInfo): object {
  const { evidence, ticket, endtime, delegated = [] } = info;
  return {
    ...contextJson(info),
    enctype: evidence === undefined ? null : enctypeJson(Ticket.decode(evidence.ticket).encPart.etype),
    sessionEnctype: ticket === undefined ? null : enctypeJson(ticket.key.keytype),
    endtime,
    delegated: delegated.map(delegatedJson),
  };
}

function delegatedJson({ server, endtime }: Credential): object {
  return { server: formatPrincipal(server), endtime };
}

import type { ApAccepted } from '../ap/acceptor.ts';
import { KerberosError } from '../errors.ts';
import type { ContextInfo } from '../gss/context.ts';
import type { Credential } from '../messages/credential.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { Ticket } from '../messages/ticket.ts';
import { contextJson } from './context-json.ts';
import { enctypeJson, lineOfJson } from './json.ts';
import { printable, sentence } from './sentences.ts';
import type { Io } from './terminal.ts';

/** What `krb5kit serve --json` prints once it can be reached. */
export function listeningLine(place: {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly keytab: string;
}): string {
  return lineOfJson({ event: 'listening', ...place });
}

/** The line on a client that has been accepted. */
export function acceptedLine(from: string, facts: object, io: Io): string {
  return lineOfJson({ event: 'accepted', time: io.now(), from, ...facts });
}

/** The line on one that has been refused; without `json` in words. */
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

/** What an exchange of AP-REQ and AP-REP has brought. */
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

/** What a context has brought. */
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

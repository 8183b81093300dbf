import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { resolve } from 'node:path';
import { enctypeName } from '../crypto/enctype-names.ts';
import { KerberosError } from '../errors.ts';
import type { Authenticated } from '../http/authenticated.ts';
import { type NegotiateServerOptions, negotiateServer } from '../http/negotiate-server.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { Ticket } from '../messages/ticket.ts';
import { type Arguments, UsageError } from './command.ts';
import { fileReason } from './file-reason.ts';
import { printable, sentence } from './sentences.ts';
import type { Io } from './terminal.ts';

/** Bytes of a request's headers: a token may have a PAC of many groups. */
const MAX_HEADERS = 1 << 17;

/** A web server that tells clients who they are. Throws UsageError, and KerberosError HTTP for unreadable PEM files. */
export function createHttpServer(args: Arguments, options: NegotiateServerOptions, io: Io): Server {
  const negotiate = negotiateServer({
    ...options,
    onRefused: (error, { socket }) => {
      io.err(`krb5kit serve: refused a client from ${socket.remoteAddress}: ${printable(sentence(error))}\n`);
    },
  });
  const listener = negotiate((request, response, client) => {
    io.out(
      `${printable(`${client.name} to ${formatPrincipal(client.info.acceptor)} from ${request.socket.remoteAddress}, ${request.method} ${request.url}`)}\n`,
    );
    request.resume();
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-store');
    response.end(`${JSON.stringify(answer(client))}\n`);
  });
  return serverFor(args, listener, io);
}

function serverFor(args: Arguments, listener: RequestListener, io: Io): Server {
  const [cert, key] = [args.value('tlsCert'), args.value('tlsKey')];
  const limits = { maxHeaderSize: MAX_HEADERS };
  if (cert === undefined && key === undefined) return createServer(limits, listener);
  if (cert === undefined || key === undefined)
    throw new UsageError('krb5kit serve: --tls-cert and --tls-key go together');
  const pem = { cert: readPem(cert, io), key: readPem(key, io) };
  try {
    return createTlsServer({ ...limits, ...pem }, listener);
  } catch (cause) {
    throw new KerberosError('HTTP', `${cert} and ${key} are no certificate with its key`, { cause });
  }
}

function readPem(name: string, io: Io): string {
  try {
    return readFileSync(resolve(io.cwd, name), 'latin1');
  } catch (cause) {
    throw new KerberosError('HTTP', `${name} cannot be read (${fileReason(cause)})`, { cause });
  }
}

function answer(client: Authenticated): object {
  const { acceptor, mechanism, flags, endtime, ticket, evidence } = client.info;
  return {
    client: client.name,
    service: formatPrincipal(acceptor),
    mechanism,
    mutual: flags.mutual,
    enctypes: {
      ticket: evidence && enctypeName(Ticket.decode(evidence.ticket).encPart.etype),
      session: ticket && enctypeName(ticket.key.keytype),
    },
    until: endtime.toISOString(),
    delegated: client.delegated.map(({ server, endtime }) => ({
      service: formatPrincipal(server),
      until: endtime.toISOString(),
    })),
    ...pacFacts(client),
  };
}

/** What the PAC says of the client; that its signature is wrong where it is. */
function pacFacts(client: Authenticated): object {
  try {
    const { pac } = client;
    if (pac === undefined) return {};
    return { upn: pac.upnDnsInfo?.upn, sid: pac.logonInfo?.userSid, groups: client.groups };
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return { pac: sentence(error) };
  }
}

import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { printable } from '../../codec/text.ts';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import type { Authenticated } from '../../http/authenticated.ts';
import { type NegotiateServerOptions, negotiateServer } from '../../http/negotiate-server.ts';
import { sentence } from '../../local/sentences.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import type { Io } from '../terminal.ts';
import { acceptedContextJson, acceptedLine, refusal } from './json.ts';

/** The limit on a request's headers in bytes: a token may contain a PAC with many groups. */
const MAX_HEADERS = 1 << 17;

/** A web server that tells clients who they are. Throws UsageError, and KerberosError HTTP for unreadable PEM files. */
export function createHttpServer(args: Arguments, options: NegotiateServerOptions, io: Io): Server {
  const json = args.has('json');
  const negotiate = negotiateServer({
    ...options,
    allowAnonymous: true,
    onRefused: (error, { socket }) => {
      io.err(refusal(addressOf(socket), error, { json, io }));
    },
  });
  const listener = negotiate((request, response, client) => {
    const from = addressOf(request.socket);
    const { method, url } = request;
    const facts = answer(client);
    const server = formatPrincipal(client.info.acceptor);
    if (json) io.out(acceptedLine(from, { ...facts, method, url }, io));
    else io.out(`${printable(`${client.name} to ${server} from ${from}, ${method} ${url}`)}\n`);
    request.resume();
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-store');
    response.end(lineOfJson(facts));
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
    throw new KerberosError('HTTP', `${name} cannot be read (${systemReason(cause)})`, { cause });
  }
}

function answer(client: Authenticated): object {
  return { ...acceptedContextJson(client.info), client: client.name, ...pacFacts(client) };
}

function addressOf({ remoteAddress }: Socket): string {
  return remoteAddress ?? 'an unknown address';
}

/** The PAC's facts about the client, or that its signature is wrong. */
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

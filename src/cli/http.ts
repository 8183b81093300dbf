import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bytesToText, printable } from '../codec/text.ts';
import { defaultTgsEnctypes } from '../config/enctypes.ts';
import { errnoOf, systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import { openFromCache } from '../http/contexts.ts';
import { negotiateFetch } from '../http/fetch.ts';
import { type NegotiateOptions, negotiated } from '../http/options.ts';
import { during } from '../local/activity.ts';
import { cacheForService } from '../local/caches/identity-cache.ts';
import { clientKeytabOf } from '../local/client-keytab.ts';
import { exchangeOptions } from '../local/exchange.ts';
import { expandHost, hostPrincipal } from '../local/host-principal.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { readOptions, readRequest, readUrl } from './http-request.ts';
import { openSession, type Session } from './session.ts';
import { showWaits } from './terminal/waiting.ts';
import type { Io } from './terminal.ts';

/** http: requests a URL, with Negotiate authentication if the server asks for it. */
export const http: Command = {
  name: 'krb5kit http',
  summary: 'Transfer a URL, authenticating by Negotiate.',
  operands: 'URL',
  usageStatus: 2,
  printsResult: true,
  asksKdc: true,
  options: [
    { flags: '-X, --request <method>', text: 'Use this method instead of GET, or POST with data.' },
    { flags: '-H, --header <line>', text: 'Send this header, in the form "Name: value".' },
    {
      flags: '-d, --data <data>',
      text: 'Send this with POST, like a form; @FILE sends a file without its line ends, @- sends stdin.',
    },
    { flags: '--data-binary <data>', text: 'Send this, or the file after @, unchanged.' },
    { flags: '-o, --output <file>', text: 'Write the body to this file instead of stdout.' },
    { flags: '-i, --include', text: 'Print the headers of the response before its body.' },
    { flags: '-I, --head', text: 'Request only the headers, and print them.' },
    { flags: '-L, --location', text: 'Follow redirects.' },
    {
      flags: '--allow <host>',
      text: 'Also authenticate to this host if a redirect leads there; *.DOMAIN means all hosts in it.',
    },
    { flags: '-k, --insecure', text: 'Accept any server certificate.' },
    { flags: '--cacert <file>', text: 'Trust the certificate authorities in this file.' },
    { flags: '-c, --cache <cache>', text: 'Use this cache instead of the default one.' },
    {
      flags: '--delegate <when>',
      text: 'Delegate your credentials: "policy" if the KDC trusts the service, or "always".',
    },
    { flags: '--preemptive', text: 'Authenticate without waiting for the server to ask.' },
    { flags: '--no-mutual', text: 'Do not require the server to authenticate itself.' },
    { flags: '--proxy <url>', text: 'Use this proxy.' },
    {
      flags: '--json',
      text: 'Print one line of JSON: status, headers, names, body; report a failure as one on stderr.',
    },
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [text, ...rest] = args.operands;
  const url = text !== undefined && rest.length === 0 ? readUrl(text) : undefined;
  if (url === undefined) {
    throw new UsageError('krb5kit http: give one URL, which begins with http:// or https://');
  }
  if (url.username !== '' || url.password !== '')
    throw new UsageError(
      'krb5kit http: the URL must not contain a name or password: a ticket is used instead',
    );
  const init = await readRequest(args, io);
  const options = readOptions(args, io);
  const session = openSession(io, { follow: showWaits });
  const open = opener(args, session);
  return during(`transferring ${url}`, async () => {
    const response = await fetched(negotiateFetch({ ...options, open })(url, init));
    const body = new Uint8Array(await fetched(response.arrayBuffer()));
    await tell(response, body, args, io);
    // For scripts: 4 and 5 stand for the server's own statuses.
    return response.status < 400 ? 0 : Math.floor(response.status / 100);
  });
}

function opener(args: Arguments, session: Session): NegotiateOptions['open'] {
  return openFromCache(
    async server => cacheForService(args.value('cache'), await expandHost(server, session, false), session),
    {
      ...exchangeOptions(session, defaultTgsEnctypes(session.config)),
      servicePrincipal: host => hostPrincipal('HTTP', host, session),
      clientKeytab: clientKeytabOf(session),
    },
  );
}

/** fetch rejects with an error that has the reason inside. */
async function fetched<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof KerberosError) throw await withServer(error);
    // If a body ends early, the error is Node's, with a code.
    const isFetch = error instanceof TypeError || typeof errnoOf(error) === 'string';
    if (!isFetch) throw error;
    throw new KerberosError('HTTP', reasonOf(error as Error), { cause: error });
  }
}

/** The name of a service that the KDC does not know is not in the URL. */
async function withServer(error: KerberosError): Promise<KerberosError> {
  const { isUnknownServer } = await import('../client/referrals.ts');
  const unknown = [error, error.cause].find(isUnknownServer);
  return unknown === undefined ? error : new KerberosError(error.code, unknown.message, { cause: error });
}

function reasonOf(error: Error): string {
  const { code = '', message } = (error.cause ?? error) as NodeJS.ErrnoException;
  const tls = /:SSL routines:[^:]*:([^:]+)/.exec(message)?.[1];
  return reasons[code] ?? (tls === undefined ? message : `TLS failed (${tls})`);
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ENOTFOUND: 'Host not found',
  ECONNRESET: 'The server closed the connection',
};

async function tell(response: Response, body: Uint8Array, args: Arguments, io: Io): Promise<void> {
  const file = args.value('output');
  if (file !== undefined) writeBody(file, body, io);
  if (args.has('json')) {
    const { lineOfJson } = await import('./json.ts');
    const facts = await factsOf(response);
    io.out(lineOfJson({ ...facts, body: file === undefined ? bytesToText(body) : null }));
    return;
  }
  if (args.has('include') || args.has('head')) {
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
    const status = `HTTP/1.1 ${response.status} ${response.statusText}`.trimEnd();
    io.out([status, ...lines, '', ''].map(line => printable(line)).join('\r\n'));
  }
  if (file === undefined) io.out(bytesToText(body));
}

function writeBody(file: string, body: Uint8Array, io: Io): void {
  try {
    writeFileSync(resolve(io.cwd, file), body);
  } catch (cause) {
    throw new KerberosError('HTTP', `${file} cannot be written (${systemReason(cause)})`, { cause });
  }
}

async function factsOf(response: Response): Promise<object> {
  const { url, status, statusText } = response;
  const who = negotiated(response);
  const { contextJson } = await import('./context-json.ts');
  return {
    url,
    status,
    statusText,
    headers: Object.fromEntries(response.headers),
    ...(who === undefined ? NOBODY : { ...contextJson(who), mutual: who.mutual }),
  };
}

/** There was no authentication. */
const NOBODY = { client: null, server: null, mechanism: null, mutual: null, contextFlags: null };

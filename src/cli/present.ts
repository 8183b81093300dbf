import { presentToSample, SAMPLE_PORT } from '../ap/sample-service.ts';
import { socketStream } from '../ap/socket-stream.ts';
import type { Ccache } from '../ccache/ccache.ts';
import { headOf } from '../ccache/head.ts';
import { refreshFromKeytab } from '../client/client-keytab.ts';
import type { ExchangeOptions } from '../client/options.ts';
import { printable } from '../codec/text.ts';
import { defaultTgsEnctypes } from '../config/enctypes.ts';
import { CcacheError, type ErrorCode, KeytabError } from '../errors.ts';
import { during } from '../local/activity.ts';
import { cacheForService } from '../local/caches/identity-cache.ts';
import { clientKeytabOf } from '../local/client-keytab.ts';
import { exchangeOptions } from '../local/exchange.ts';
import { expandHost, hostPrincipal } from '../local/host-principal.ts';
import { reasonOf } from '../local/reason.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { Ticket } from '../messages/ticket.ts';
import { type Arguments, type Command, jsonOutput, longFlag, UsageError } from './command.ts';
import { connectService } from './connect-service.ts';
import { etypeText } from './etype-text.ts';
import { formatTimestamp } from './locale/time-format.ts';
import { userLocale } from './locale/user-locale.ts';
import { readPort } from './ports.ts';
import { gettingTicket, serviceTicket } from './service-ticket.ts';
import { openSession, type Session } from './session.ts';
import { showWaits } from './terminal/waiting.ts';
import type { Io } from './terminal.ts';

/** present: shows a ticket to a service and has it prove who it is. */
export const present: Command = {
  name: 'krb5kit present',
  summary: 'Present a ticket to a service and check its answer.',
  operands: 'SERVICE@HOST',
  usageStatus: 2,
  asksKdc: true,
  options: [
    { flags: '-c, --cache <cache>', text: 'Use this cache instead of the default one.' },
    { flags: '-p, --port <port>', text: `Connect to this TCP port; the default is ${SAMPLE_PORT}.` },
    {
      flags: '--gss',
      text: 'Establish a GSS-API context and send messages, as gss-client does; the default port is 4444.',
    },
    {
      flags: '--mech <name>',
      text: 'With --gss, the mechanism: "krb5", "spnego" to negotiate it, or "iakerb" to reach KDCs through the service.',
    },
    {
      flags: '--user <principal>',
      text: 'With --gss, log in as this principal with a password, unless the cache that -c names has its tickets.',
    },
    { flags: '-d, --delegate', text: 'With --gss, delegate your credentials.' },
    { flags: '--no-mutual', text: 'With --gss, do not require the service to authenticate itself.' },
    { flags: '--no-seal', text: 'With --gss, sign messages, but do not encrypt them.' },
    { flags: '-m, --messages <count>', text: 'With --gss, send this many messages; the default is 1.' },
    { flags: '--text <message>', text: 'With --gss, the message; the default is "Hello".' },
    jsonOutput,
  ],
  run,
};

const GSS_OPTIONS = ['mech', 'user', 'delegate', 'noMutual', 'noSeal', 'messages', 'text'];

async function run(args: Arguments, io: Io): Promise<number> {
  const [name, ...rest] = args.operands;
  const [, service, host] = /^([^@/]+)[@/]([^@/]+)$/.exec(name ?? '') ?? [];
  if (service === undefined || host === undefined || rest.length > 0) {
    throw new UsageError('krb5kit present: name one service as SERVICE@HOST');
  }
  if (args.has('gss')) {
    const { presentGss } = await import('./present/gss.ts');
    return presentGss(args, { service, host }, openSession(io, { follow: showWaits }));
  }
  const stray = GSS_OPTIONS.find(option => args.has(option));
  if (stray !== undefined) throw new UsageError(`krb5kit present: ${longFlag(stray)} requires --gss`);
  const port = readPort(args.value('port'), SAMPLE_PORT, 'krb5kit present');
  const session = openSession(io, { follow: showWaits });
  const server = await hostPrincipal(service, host, session);
  const cache = await cacheForService(args.value('cache'), await expandHost(server, session, false), session);
  const exchange = exchangeOptions(session, defaultTgsEnctypes(session.config));
  await loginByKeytab(cache, session, exchange);
  const { kdcOffset } = await during('getting client principal name', () => headOf(cache));
  const credential = await serviceTicket(cache, server, exchange);
  const { encPart } = Ticket.decode(credential.ticket);
  const { text } = await during(`presenting the ticket to ${host}:${port}`, async () => {
    const socket = await connectService(host, port);
    try {
      const options = { host, kdcOffset, now: () => io.now() };
      return await presentToSample(socketStream(socket, { signal: io.signal }), credential, options);
    } finally {
      socket.destroy();
    }
  });
  if (args.has('json')) {
    const { lineOfJson } = await import('./json.ts');
    const { ticketJson } = await import('./ticket-json.ts');
    // Without the proof there would have been an error.
    const facts = { mutual: true, text: text.trimEnd() };
    io.out(lineOfJson({ ...(await ticketJson(credential, io.now())), ...facts }));
    return 0;
  }
  const until = formatTimestamp(credential.endtime, userLocale(io.env));
  const lines = [
    `Presented ${formatPrincipal(credential.client)} to ${formatPrincipal(credential.server)}`,
    `Ticket: ${etypeText(encPart.etype)}, session key: ${etypeText(credential.key.keytype)}, valid until ${until}`,
    'Mutual authentication: the service has proved that it holds its key',
    `It says: ${text.trimEnd()}`,
  ];
  // Names in them may come from a KDC or a file, and the text from the service.
  io.out(lines.map(line => `${printable(line)}\n`).join(''));
  return 0;
}

const TOLD_ON_LOADING: readonly ErrorCode[] = ['CACHE_NOT_FOUND', 'CACHE_FORMAT', 'CACHE_VERSION'];

/** Logs in by the client keytab if the cache needs it, as with --gss. Without keys, loading the cache tells what it lacks. */
async function loginByKeytab(cache: Ccache, session: Session, exchange: ExchangeOptions): Promise<void> {
  try {
    const keytab = clientKeytabOf(session);
    await gettingTicket('getting a ticket by the client keytab', () =>
      refreshFromKeytab(cache, keytab, exchange),
    );
  } catch (error) {
    const reason = reasonOf(error);
    const isToldLater = reason instanceof CcacheError && TOLD_ON_LOADING.includes(reason.code);
    if (!isToldLater && !(reason instanceof KeytabError)) throw error;
  }
}

import { hostPrincipal } from '../local/host-principal.ts';
import { principalOf, userPrincipal } from '../local/session.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { checkAccount } from './doctor/account.ts';
import { type CacheState, checkCache, checkKeychain, checkOtherCaches } from './doctor/caches.ts';
import { checkConfig } from './doctor/config.ts';
import { checkHost } from './doctor/dns.ts';
import { type Finding, failed, findingsJson, findingText, good, note } from './doctor/finding.ts';
import { checkKdcs } from './doctor/kdcs.ts';
import { checkKeytab, keytabToCheck } from './doctor/keytab.ts';
import type { Presentation } from './doctor/present.ts';
import { checkService } from './doctor/service.ts';
import { isServiceName } from './explain/server-hints.ts';
import { storyOf } from './explain/story.ts';
import { readUrl } from './http-request.ts';
import { readPort } from './ports.ts';
import { openSession, type Session } from './session.ts';
import { showWaits } from './terminal/waiting.ts';
import type { Io } from './terminal.ts';

/** doctor: checks everything that must be right before a ticket is accepted. */
export const doctor: Command = {
  name: 'krb5kit doctor',
  summary: 'Find out what is wrong, and what to try.',
  operands: '[PRINCIPAL] [SERVICE]',
  usageStatus: 2,
  printsResult: true,
  options: [
    {
      flags: '-k, --keytab <name>',
      text: "Compare this keytab with the KDC's keys, instead of the default one.",
    },
    { flags: '-p, --port <port>', text: 'Present the ticket at this port of the service.' },
    { flags: '--gss', text: 'Present it as gss-client does; the default port is 4444.' },
    {
      flags: '--http <url>',
      text: 'Present it to this URL by Negotiate; the default service is HTTP on its host.',
    },
    { flags: '--json', text: 'Print the findings as one line of JSON.' },
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [name, named, ...rest] = args.operands;
  if (rest.length > 0) throw new UsageError('krb5kit doctor: name at most one principal and one service');
  const json = args.has('json');
  const presentation = readPresentation(args);
  const { url } = presentation;
  const service = named ?? (url && (await serviceOf(url)));
  const findings: Finding[] = [];
  for await (const finding of examine({ name, service, presentation, keytab: args.value('keytab') }, io)) {
    findings.push(finding);
    if (!json) io.out(findingText(finding, io));
  }
  if (json) io.out(findingsJson(findings));
  return findings.some(({ result }) => result === 'bad') ? 1 : 0;
}

/** The service for which a browser would get a ticket. */
async function serviceOf(url: URL): Promise<string> {
  const { bareHost } = await import('../http/connect.ts');
  return `HTTP@${bareHost(url)}`;
}

function readPresentation(args: Arguments): Presentation {
  const port = args.value('port');
  const text = args.value('http');
  const url = text === undefined ? undefined : readUrl(text);
  const wishes = [port, text, args.has('gss') || undefined].filter(wish => wish !== undefined);
  const typed = args.operands.find(operand => readUrl(operand) !== undefined);
  if (typed !== undefined) throw new UsageError(`krb5kit doctor: ${typed} is a URL: write --http ${typed}`);
  if (wishes.length > 0 && args.operands[1] === undefined && text === undefined) {
    throw new UsageError('krb5kit doctor: name a principal and a service to present the ticket to');
  }
  if (text !== undefined && url === undefined) {
    throw new UsageError(`krb5kit doctor: '${text}' is not an http or https URL`);
  }
  if (url !== undefined && wishes.length > 1) {
    throw new UsageError('krb5kit doctor: --http cannot be combined with --port or --gss');
  }
  const number = port === undefined ? undefined : readPort(port, 0, 'krb5kit doctor');
  return { port: number, gss: args.has('gss'), url };
}

interface Wishes {
  readonly name: string | undefined;
  readonly service: string | undefined;
  readonly presentation: Presentation;
  readonly keytab: string | undefined;
}

/** Yields each finding as soon as it is known. */
async function* examine(wishes: Wishes, io: Io): AsyncGenerator<Finding> {
  const { presentation, keytab } = wishes;
  let session: Session;
  try {
    session = openSession(io, { follow: showWaits });
  } catch (error) {
    // Nothing can be done without a configuration.
    yield failed('configuration', error, io);
    return;
  }
  yield* checkConfig(session.config, storyOf(undefined, io).last('config'));
  yield* await checkKeychain(session);
  const cache = await checkCache(session);
  yield* cache.findings;
  yield* await checkOtherCaches(cache, session);
  const { name, service, note: aside } = rolesIn(wishes, cache);
  if (aside !== undefined) yield aside;
  const client = await clientOf(name, cache, session);
  if (isFinding(client)) {
    yield client;
    return;
  }
  if (name === undefined && cache.contents === undefined) {
    const text = `${formatPrincipal(client)}, after your user name; krb5kit doctor NAME checks another`;
    yield note('principal', text);
  }
  const kdcs = await checkKdcs(client, session);
  yield* kdcs;
  // If no KDC answers, there is nothing more to learn.
  if (!kdcs.some(({ subject, result }) => subject !== 'KDCs' && result === 'good')) return;
  yield* await checkAccount(client, session);
  // The service's keytab is checked with a ticket for the service instead.
  if (service === undefined || keytab !== undefined) {
    yield* await checkKeytab({ name: keytab, contents: cache.contents }, session);
  }
  if (service !== undefined) yield* serviceFindings(service, { ...cache, presentation, keytab }, session);
}

/**
 * The user and the service to check. A single name that looks like that of a service is usually one, unless its keytab
 * is named or the cache is its own; without a cache, no ticket for it can be requested.
 */
function rolesIn(
  { name, service, keytab }: Wishes,
  { contents }: CacheState,
): Pick<Wishes, 'name' | 'service'> & { readonly note?: Finding } {
  const alone = name !== undefined && service === undefined && keytab === undefined;
  if (!alone || !isServiceName(name)) return { name, service };
  if (contents === undefined) {
    const text = `${name} is checked as a user; to check it as a service, get a ticket with kinit first`;
    return { name, service, note: note('service', text) };
  }
  const owner = formatPrincipal(contents.principal);
  return owner === name || owner.startsWith(`${name}@`)
    ? { name, service }
    : { name: undefined, service: name };
}

/** The named principal, else that of the cache, else the user's own. */
async function clientOf(
  name: string | undefined,
  { contents }: CacheState,
  session: Session,
): Promise<Principal | Finding> {
  try {
    if (name !== undefined) return await principalOf(name, session);
    return contents?.principal ?? (await userPrincipal(session));
  } catch (error) {
    return failed('principal', error, session.io);
  }
}

function isFinding(value: Principal | Finding): value is Finding {
  return 'subject' in value;
}

async function* serviceFindings(
  name: string,
  { contents, presentation, keytab }: Pick<CacheState, 'contents'> & Pick<Wishes, 'presentation' | 'keytab'>,
  session: Session,
): AsyncGenerator<Finding> {
  try {
    const server = await serverOf(name, contents, session);
    yield good('service', `its principal is ${formatPrincipal(server)}`);
    yield* await checkHost(server, session);
    if (contents === undefined) yield note('service', 'without a cache, no ticket can be requested');
    else
      yield* await checkService(
        server,
        { contents, presentation, keytab: keytabToCheck(keytab, session) },
        session,
      );
  } catch (error) {
    yield failed('service', error, session.io);
  }
}

/** A service as `service@host`, as in GSS-API, or as a principal. */
async function serverOf(
  name: string,
  contents: CacheState['contents'],
  session: Session,
): Promise<Principal> {
  const [, service, host] = /^([^@/]+)@([^@/]+)$/.exec(name) ?? [];
  if (service !== undefined && host !== undefined) {
    const server = await hostPrincipal(service, host, session);
    return server.realm === '' ? { ...server, realm: contents?.principal.realm ?? '' } : server;
  }
  return principalOf(name, session, contents && { defaultRealm: contents.principal.realm });
}

import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { readOnce, type Secret } from '../../client/secret.ts';
import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { defaultCache } from '../../local/caches/default-cache.ts';
import { namedCache } from '../../local/caches/named-cache.ts';
import { principalOf } from '../../local/session.ts';
import { isAnonymous } from '../../messages/anonymous.ts';
import { type Principal, tgsPrincipal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import { ticketsFor } from '../job/secrets.ts';
import type { Job } from '../job.ts';
import { chooseCache, principalIn, type Target } from '../kinit/cache.ts';
import { requestedEnctypes } from '../kinit/enctypes.ts';
import { getInitial } from '../kinit/exchange.ts';
import { readWishes } from '../kinit/wishes.ts';
import type { Supply } from '../lasting-tickets.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import type { PrivatePlace } from './place.ts';

interface Found {
  readonly place: PrivatePlace | undefined;
  readonly cache: Ccache;
}

/** Our environment, with the cache, and without the secret, which the command does not need. */
export function environment({ secret, cacheName }: Job, { place, cache }: Found, io: Io): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...io.env };
  if (secret?.variable !== undefined) delete env[secret.variable];
  if (place !== undefined) return { ...env, ...place.env };
  return { ...env, KRB5CCNAME: cacheName ?? ccacheName(cache) };
}

/** The principal and source of the tickets. */
export async function supplyOf(
  job: Job,
  place: PrivatePlace | undefined,
  session: Session,
): Promise<Supply & Pick<Target, 'makePrimary'>> {
  const { kinit, secret, program } = job;
  const services = await Promise.all(
    job.services.map(name => during(`parsing service name ${name}`, () => principalOf(name, session))),
  );
  if (job.renewOnly || secret?.tickets !== undefined) return ofTickets({ job, place, services }, session);
  const say = (line: string): void => job.say(line, session.io);
  // With a private cache, only the principal has to be chosen.
  const choosing = place === undefined ? kinit : { ...withCache(kinit, `MEMORY:${program}`) };
  const owner = await usualOwner(job, place, session);
  const sayChosen = place === undefined ? say : () => undefined;
  const chosen = await chooseCache(choosing, session, { withKeytab: job.withKeytab, owner, say: sayChosen });
  if (place !== undefined) say(`Using new cache: ${place.env.KRB5CCNAME}`);
  say(`Using principal: ${chosen.name}`);
  const target = { ...chosen, cache: place?.cache ?? chosen.cache, makePrimary: undefined };
  const { wishes, ignored, faults } = await readWishes(kinit, session.io);
  if (faults.length > 0) throw new UsageError(faults.map(({ words }) => `${program}: ${words}`).join('\n'));
  for (const line of ignored) session.io.err(`${program}: ${line}\n`);
  if (kinit.has('enctypes')) {
    const { warnOfWeak } = await import('../input-warnings.ts');
    warnOfWeak(program, requestedEnctypes(kinit, session), session.io);
  }
  const request = {
    args: kinit,
    target,
    wishes,
    withKeytab: job.withKeytab,
    secret: secret?.secret ?? askedFor(job, target, session),
    say,
  };
  const named = kinit.value('S');
  const server = await firstServer(named, target.principal, session);
  return {
    cache: target.cache,
    server,
    services,
    client: kinit.has('canonicalize') || kinit.has('n') ? undefined : target.principal,
    renews: job.renews,
    obtain() {
      job.announce?.(target.principal, server);
      return getInitial(request, session);
    },
    makePrimary: place === undefined ? chosen.makePrimary : undefined,
  };
}

/**
 * The principal if the command line names none: the first one of the keytab, or that of the default cache, which a
 * private one stands in for.
 */
async function usualOwner(
  { kinit, withKeytab }: Job,
  place: PrivatePlace | undefined,
  session: Session,
): Promise<Principal | undefined> {
  if (kinit.operands.length > 0 || kinit.has('n')) return undefined;
  const keytab = kinit.value('t');
  if (keytab !== undefined) return firstOwner(keytab);
  if (withKeytab || place === undefined) return undefined;
  return principalIn(await defaultCache(session, { reading: true, activity: 'opening the cache' }));
}

async function firstOwner(name: string): Promise<Principal> {
  const { namedKeytab } = await import('../../local/keytabs.ts');
  const [first] = await during(`reading keytab ${name}`, () => namedKeytab(name).entries());
  if (first === undefined) throw new KerberosError('KEYTAB_NO_KEY', `There is no key in keytab ${name}`);
  return first.principal;
}

interface Errand {
  readonly job: Job;
  readonly place: PrivatePlace | undefined;
  readonly services: readonly Principal[];
}

/** Starts from existing tickets, which are renewed as long as possible. */
async function ofTickets(
  { job: { kinit, secret, cacheName, announce }, place, services }: Errand,
  session: Session,
): Promise<Supply & Pick<Target, 'makePrimary'>> {
  const given = secret?.tickets;
  const named = kinit.operands[0];
  const tickets =
    given === undefined || named === undefined ? given : ticketsFor(await principalOf(named, session), given);
  const source = await (cacheName !== undefined
    ? namedCache(cacheName, session)
    : defaultCache(session, { reading: true, activity: 'opening the cache' }));
  const contents =
    tickets ?? (place && (await during(`reading tickets of ${ccacheName(source)}`, () => source.load())));
  const cache = place?.cache ?? source;
  if (contents !== undefined) await cache.initialize(contents);
  return {
    cache,
    // Whoever the owner is by then: others may log in to that cache meanwhile.
    server: undefined,
    services,
    client: undefined,
    renewing: client => announce?.(client, undefined),
    renews: true,
    obtain: undefined,
    makePrimary: undefined,
  };
}

async function firstServer(
  named: string | undefined,
  { realm }: Principal,
  session: Session,
): Promise<Principal> {
  return named === undefined ? tgsPrincipal(realm) : principalOf(named, session, { defaultRealm: realm });
}

/** The password, asked for once; standard input belongs to the command unless an option says otherwise. */
function askedFor(
  { withKeytab, kinit, program }: Job,
  { principal, name }: { readonly principal: Principal; readonly name: string },
  { io }: Session,
): Secret | undefined {
  if (withKeytab || isAnonymous(principal) || kinit.has('X')) return undefined;
  return readOnce({
    async password() {
      if (io.stdinIsTerminal) return io.readPassphrase(`Password for ${printable(name)}: `);
      throw new KerberosError(
        'PASSWORD_UNREAD',
        `There is no terminal to ask for the password of ${name} on; see ${program} --help for other ways`,
      );
    },
  });
}

function withCache(args: Arguments, name: string): Arguments {
  return {
    ...args,
    has: option => option === 'c' || args.has(option),
    value: option => (option === 'c' ? name : args.value(option)),
    values: option => (option === 'c' ? [name] : args.values(option)),
    operands: args.operands,
  };
}

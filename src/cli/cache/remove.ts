import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { cacheOf, cachesAround, isAbsent } from '../../local/caches/named-caches.ts';
import { type Credential, isExpired } from '../../messages/credential.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, type OptionRow, UsageError } from '../command.ts';
import { isExpiredService } from '../expired-tickets.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';

const cacheOption: OptionRow = {
  flags: '-c, --cache <cache>',
  text: 'Use this cache instead of the default one.',
};
const quietOption: OptionRow = { flags: '-q, --quiet', text: 'Do not report how many tickets were removed.' };

/** cache remove: removes the tickets for some services from a cache. */
export const cacheRemove: Command = {
  name: 'krb5kit cache remove',
  summary: 'Remove the tickets for certain services from a cache.',
  operands: 'PATTERN...',
  usageStatus: 2,
  options: [cacheOption, quietOption, jsonOutput],
  async run(args, io) {
    const patterns = args.operands;
    if (patterns.length === 0) throw new UsageError('krb5kit cache remove: name the services');
    const cache = await cacheOf(args.value('cache'), openSession(io));
    const fits = serviceMatcher(patterns);
    const matches = (credential: Credential): boolean =>
      !isConfigEntry(credential) && fits(credential.server);
    const removed = await during('removing tickets', () => removeFrom(cache, matches));
    if (removed.length === 0) {
      const absent = new KerberosError('CREDENTIAL_NOT_FOUND', `No ticket is for ${patterns.join(' or ')}`);
      throw new ActivityError('removing tickets', absent);
    }
    await tell(removed, '', args, io);
    return 0;
  },
};

/** cache sweep: removes expired tickets from caches. */
export const cacheSweep: Command = {
  name: 'krb5kit cache sweep',
  summary: 'Remove the service tickets that have expired.',
  operands: '',
  usageStatus: 2,
  options: [
    cacheOption,
    { flags: '-A, --all', text: 'Sweep all caches of the collection.' },
    quietOption,
    jsonOutput,
  ],
  async run(args, io) {
    if (args.operands.length > 0)
      throw new UsageError(`krb5kit cache sweep: unexpected argument "${args.operands[0]}"`);
    const session = openSession(io);
    const name = args.value('cache');
    const all = args.has('all');
    const now = io.now();
    const removed: Removed[] = [];
    for (const cache of all ? await cachesAround(name, session) : [await cacheOf(name, session)]) {
      await during('removing expired tickets', async () => {
        try {
          removed.push(...(await removeFrom(cache, credential => isExpiredService(credential, now))));
        } catch (error) {
          if (!(all && isAbsent(error))) throw error;
        }
      });
    }
    await tell(removed, 'expired ', args, io);
    return 0;
  },
};

interface Removed {
  readonly cache: Ccache;
  readonly credential: Credential;
}

async function removeFrom(
  cache: Ccache,
  matches: (credential: Credential) => boolean,
): Promise<readonly Removed[]> {
  const found: Removed[] = [];
  const count = await cache.remove(credential => {
    const fits = matches(credential);
    if (fits) found.push({ cache, credential });
    return fits;
  });
  // If the cache has been changed meanwhile, it is searched again.
  return count === 0 ? [] : found.slice(-count);
}

async function tell(removed: readonly Removed[], kind: string, args: Arguments, io: Io): Promise<void> {
  if (args.has('json')) {
    const { lineOfJson } = await import('../json.ts');
    io.out(lineOfJson({ removed: removed.map(each => removedJson(each, io.now())) }));
  } else if (!args.has('quiet')) {
    io.out(`${removed.length} ${kind}ticket${removed.length === 1 ? '' : 's'} removed\n`);
  }
}

function removedJson({ cache, credential }: Removed, now: Date): object {
  const { client, server, endtime } = credential;
  return {
    cache: ccacheName(cache),
    client: formatPrincipal(client),
    server: formatPrincipal(server),
    endtime,
    expired: isExpired(credential, now),
  };
}

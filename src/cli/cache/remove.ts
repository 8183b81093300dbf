import { isConfigEntry } from '../../ccache/config-entries.ts';
import { KerberosError } from '../../errors.ts';
import type { Credential } from '../../messages/credential.ts';
import { ActivityError, type Command, during, type OptionRow, UsageError } from '../command.ts';
import { isExpiredService } from '../expired-tickets.ts';
import { cacheOf, cachesAround, isAbsent } from '../named-caches.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';

const cacheOption: OptionRow = {
  flags: '-c, --cache <cache>',
  text: 'Use this cache instead of the default one.',
};
const quietOption: OptionRow = { flags: '-q, --quiet', text: 'Do not say how many tickets were removed.' };

/** cache remove: takes tickets for some services out of a cache. */
export const cacheRemove: Command = {
  name: 'krb5kit cache remove',
  summary: 'Remove the tickets for some services from a cache.',
  operands: 'PATTERN...',
  usageStatus: 2,
  options: [cacheOption, quietOption],
  async run(args, io) {
    const patterns = args.operands;
    if (patterns.length === 0) throw new UsageError('krb5kit cache remove: name the services');
    const cache = await cacheOf(args.value('cache'), openSession(io));
    const fits = serviceMatcher(patterns);
    const matches = (credential: Credential): boolean =>
      !isConfigEntry(credential) && fits(credential.server);
    const count = await during('removing tickets', () => cache.remove(matches));
    if (count === 0) {
      const absent = new KerberosError('CREDENTIAL_NOT_FOUND', `No ticket is for ${patterns.join(' or ')}`);
      throw new ActivityError('removing tickets', absent);
    }
    if (!args.has('quiet')) say(count, '', io);
    return 0;
  },
};

/** cache sweep: takes out of caches what has expired. */
export const cacheSweep: Command = {
  name: 'krb5kit cache sweep',
  summary: 'Remove the service tickets that have expired.',
  operands: '',
  usageStatus: 2,
  options: [cacheOption, { flags: '-A, --all', text: 'Sweep every cache of the collection.' }, quietOption],
  async run(args, io) {
    if (args.operands.length > 0) throw new UsageError(`krb5kit cache sweep: what is "${args.operands[0]}"?`);
    const session = openSession(io);
    const name = args.value('cache');
    const all = args.has('all');
    const now = io.now();
    let count = 0;
    for (const cache of all ? await cachesAround(name, session) : [await cacheOf(name, session)]) {
      await during('removing expired tickets', async () => {
        try {
          count += await cache.remove(credential => isExpiredService(credential, now));
        } catch (error) {
          if (!(all && isAbsent(error))) throw error;
        }
      });
    }
    if (!args.has('quiet')) say(count, 'expired ', io);
    return 0;
  },
};

function say(count: number, kind: string, io: Io): void {
  io.out(`${count} ${kind}ticket${count === 1 ? '' : 's'} removed\n`);
}

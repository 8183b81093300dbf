import { kdestroy } from '../../../src/cli/kdestroy.ts';
import { kinit } from '../../../src/cli/kinit.ts';
import { klist } from '../../../src/cli/klist.ts';
import { kpasswd } from '../../../src/cli/kpasswd.ts';
import { kswitch } from '../../../src/cli/kswitch.ts';
import { kvno } from '../../../src/cli/kvno.ts';
import { type Case, labelOf } from '../../support/differential.ts';
import { cacheFileCases, cacheNameCases } from './caches.ts';
import { getoptCases } from './getopt.ts';
import { keytabCases } from './keytabs.ts';
import { configCases, defaultCases, loginCases, timeCases } from './logins.ts';
import { pairsOf } from './options.ts';
import { requestCases, terminalCases } from './stories.ts';

const pairs = [
  { command: klist, operands: [], ours: ['-I'] },
  { command: klist, operands: ['$D/odd.cc'], ours: ['-I'] },
  { command: kdestroy, operands: [], values: { '-c': '$D/bob.cc', '-p': 'alice' } },
  { command: kswitch, operands: [], values: { '-c': '$D/bob.cc', '-p': 'alice' } },
  { command: kpasswd, operands: [] },
  {
    command: kvno,
    operands: ['HTTP/localhost'],
    values: {
      ...{
        '-c': '$D/cc',
        '-e': 'aes128-cts',
        '-k': '$D/service.keytab',
        '-S': 'host',
        '-I': 'bob',
        '-U': 'bob',
      },
      ...{ '-F': '$D/none.pem', '--u2u': '$D/bob.cc', '--out-cache': '$D/out.cc' },
    },
  },
  {
    command: kinit,
    operands: ['alice'],
    input: 'alicepw\n',
    values: {
      ...{ '-l': '1h', '-s': '1h', '-r': '2d', '-t': '$D/client.keytab', '-c': '$D/new.cc' },
      ...{ '-S': 'host/localhost', '-T': '$D/bob.cc', '-I': '$D/cc', '-X': 'disable_freshness' },
    },
  },
].flatMap(pairsOf);

/** The cases by what they are about. */
export const groups: Readonly<Record<string, readonly Case[]>> = {
  'every pair of options': pairs,
  'what getopt makes of a command line': getoptCases,
  'cache files of every kind': cacheFileCases,
  'names of caches': cacheNameCases,
  'keytabs of every kind': keytabCases,
  'tickets, passwords and times': loginCases,
  'configuration files': configCases,
  'defaults of the configuration': defaultCases,
  'languages and time zones': timeCases,
  'a terminal': terminalCases,
  'requests of ktutil': requestCases,
};

/** Whether all cases are to be run. */
export const everything = process.env.TEST_DIFFERENTIAL === 'all';

/** About so many of each group. */
const SAMPLE = 40;

/** The cases to be run: by their labels, so that one more changes little for the others. */
export function sampleOf(cases: readonly Case[]): readonly Case[] {
  if (everything) return cases;
  return cases.filter(each => hash(labelOf(each)) % cases.length < SAMPLE);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

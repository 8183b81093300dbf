import { KeytabError, TransportError } from '../../errors.ts';
import { byPrincipal } from '../../keytab/groups.ts';
import type { KeytabEntry } from '../../keytab/keytab.ts';
import { ActivityError } from '../../local/activity.ts';
import type { Arguments, Command } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { keytabEntryJson } from '../keytab-json.ts';
import { tellFailure } from '../run-command.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession, type Session } from '../session.ts';
import { showWaits } from '../terminal/waiting.ts';
import type { Io } from '../terminal.ts';
import { describeEntry } from './diff.ts';
import { keytabOf, keytabOption, readEntries } from './keytab.ts';
import type { Finding, KeyState } from './verify-keys.ts';

/** ktutil verify: the keys of a keytab against those that the KDC has. */
export const ktutilVerify: Command = {
  name: 'ktutil verify',
  summary: "Compare a keytab with the KDC's keys; the exit status is 1 if a service would fail.",
  operands: '[PATTERN...]',
  usageStatus: 2,
  printsResult: true,
  options: [
    keytabOption,
    {
      flags: '-c, --cache <cache>',
      text: 'Use this cache for services that cannot be clients, instead of the default one.',
    },
    { flags: '--json', text: 'Print one line of JSON; report each failure as one on stderr.' },
  ],
  asksKdc: true,
  run,
};

/** These are of no use to a service, or will be of none when a ticket comes. */
const BAD: readonly KeyState[] = ['wrong', 'ahead', 'misnumbered', 'not-at-kdc', 'unasked'];
const LONGEST = 'misnumbered'.length;

async function run(args: Arguments, io: Io): Promise<number> {
  const session = openSession(io, { follow: showWaits });
  const keytab = keytabOf(args, session);
  const fits = serviceMatcher(args.operands);
  const entries = (await readEntries(keytab)).filter(({ principal }) => fits(principal));
  if (entries.length === 0) throw new KeytabError('KEYTAB_NO_KEY', `There is no such key in ${keytab.name}`);
  const findings = await findingsOf(entries, args, session);
  const ok = byPrincipal(findings.map(({ entry }) => entry)).every(own => isGood(own, findings));
  if (args.has('json')) {
    const keys = findings.map(({ entry, state, live }) => ({
      ...keytabEntryJson(entry),
      state,
      kdcKvno: live ?? null,
    }));
    io.out(lineOfJson({ keytab: keytab.name, ok, keys }));
  } else {
    for (const { entry, state, live } of findings) {
      const at = live === undefined || live === entry.kvno ? '' : `, the KDC has ${live}`;
      io.out(`${state.padEnd(LONGEST)}  ${describeEntry(entry)}${at}\n`);
    }
  }
  return ok ? 0 : 1;
}

/** Compares the keys of each principal; failures are told and do not end it. */
async function findingsOf(
  entries: readonly KeytabEntry[],
  args: Arguments,
  session: Session,
): Promise<readonly Finding[]> {
  const { checkKeys } = await import('./verify-keys.ts');
  const findings: Finding[] = [];
  const soFar = session.decisions.length;
  const unreachable = new Set<string>();
  for (const own of byPrincipal(entries)) {
    if (unreachable.has(own[0]!.principal.realm)) {
      // To wait once for KDCs that do not answer is enough.
      findings.push(...own.map(unasked));
      continue;
    }
    // Each has a story of its own.
    session.decisions.splice(soFar);
    try {
      findings.push(...(await checkKeys(own, args.value('cache'), session)));
    } catch (error) {
      await tellFailure({ program: 'ktutil verify', error, exitStatus: 1 }, args, session.io);
      findings.push(...own.map(unasked));
      const cause = error instanceof ActivityError ? error.cause : error;
      if (cause instanceof TransportError) unreachable.add(cause.realm);
    }
  }
  return findings;
}

function unasked(entry: KeytabEntry): Finding {
  return { entry, state: 'unasked', live: undefined };
}

/** Whether a principal has keys that its tickets come in, and none that are wrong. */
function isGood(own: readonly KeytabEntry[], findings: readonly Finding[]): boolean {
  const states = findings.filter(({ entry }) => own.includes(entry)).map(({ state }) => state);
  return states.includes('current') && !states.some(state => BAD.includes(state));
}

import { KeytabError } from '../../errors.ts';
import type { Keytab, KeytabEntry } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { defaultKeytab, namedKeytab } from '../../local/keytabs.ts';
import { samePrincipal } from '../../messages/principal.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import type { Session } from '../session.ts';

/** What several of ktutil's commands take. */
export const keytabOption: OptionRow = {
  flags: '-k, --keytab <name>',
  text: 'Use this keytab instead of the default one.',
};
export const enctypesOption: OptionRow = {
  flags: '-e, --enctypes <list>',
  text: 'Only these encryption types, in a list as in krb5.conf.',
};
export const kvnoOption: OptionRow = { flags: '--kvno <number>', text: 'The version of the keys.' };
export const ageOption: OptionRow = {
  flags: '--age <duration>',
  text: 'How long to keep keys after newer ones have replaced them; the default is 1 day.',
};
export const quietOption: OptionRow = { flags: '-q, --quiet', text: 'Print only errors.' };

/** The keytab that the options name, or the default one. */
export function keytabOf(args: Arguments, session: Session): Keytab {
  const name = args.value('keytab');
  return name === undefined ? defaultKeytab(session) : namedKeytab(name);
}

/** What a keytab holds. */
export function readEntries(keytab: Keytab): Promise<readonly KeytabEntry[]> {
  return during(`reading ${keytab.name}`, () => keytab.entries());
}

const MAX_KVNO = 0xffffffff;

/** The number of `--kvno`, undefined where it is not given. */
export function kvnoOf(args: Arguments, program: string): number | undefined {
  const text = args.value('kvno');
  if (text === undefined) return undefined;
  const kvno = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(kvno <= MAX_KVNO)) throw new UsageError(`${program}: '${text}' is not a key version`);
  return kvno;
}

/** The result of storing keys in a keytab. */
export interface Stored {
  readonly added: number;
  /** Of these, how many have replaced another key of the same version. */
  readonly replaced: number;
  /** How many it already contained. */
  readonly known: number;
}

/** Stores keys in a keytab unless it contains them; they replace keys with the same name, version and enctype. */
export async function storeEntries(keytab: Keytab, entries: readonly KeytabEntry[]): Promise<Stored> {
  const before = await entriesIfAny(keytab);
  const wanted = entries.filter((entry, i) => !entries.slice(0, i).some(other => isSame(entry, other)));
  const missing = wanted.filter(entry => !before.some(other => isSame(entry, other)));
  return during(`writing ${keytab.name}`, async () => {
    // Added first, so that there is a key at any time.
    if (missing.length > 0) await keytab.add(missing);
    const replaced = before.some(old => missing.some(entry => isSameSlot(entry, old)))
      ? await keytab.remove(old =>
          missing.some(entry => isSameSlot(entry, old) && !missing.some(other => isSame(other, old))),
        )
      : 0;
    return { added: missing.length, replaced, known: wanted.length - missing.length };
  });
}

async function entriesIfAny(keytab: Keytab): Promise<readonly KeytabEntry[]> {
  try {
    return await keytab.entries();
  } catch (error) {
    if (error instanceof KeytabError && error.code === 'KEYTAB_NOT_FOUND') return [];
    return readEntries(keytab);
  }
}

/** Whether two entries have the same name, version and enctype. */
export function isSameSlot(a: KeytabEntry, b: KeytabEntry): boolean {
  return samePrincipal(a.principal, b.principal) && a.kvno === b.kvno && a.key.keytype === b.key.keytype;
}

/** Whether two entries have the same name, version, enctype and key. */
export function isSame(a: KeytabEntry, b: KeytabEntry): boolean {
  return isSameSlot(a, b) && Buffer.compare(a.key.keyvalue, b.key.keyvalue) === 0;
}

/** The keys to be stored and the result, in JSON. */
export async function storedJson(
  { name }: Keytab,
  entries: readonly KeytabEntry[],
  { added, replaced, known }: Stored,
): Promise<string> {
  return keysJson(name, 'keys', entries, { added, replaced, known });
}

/** Keys of a keytab in JSON, grouped by what has been done with them. */
export async function keysJson(
  keytab: string,
  member: string,
  entries: readonly KeytabEntry[],
  more: object = {},
): Promise<string> {
  const { lineOfJson } = await import('../json.ts');
  const { keytabEntryJson } = await import('../keytab-json.ts');
  return lineOfJson({ keytab, [member]: entries.map(keytabEntryJson), ...more });
}

/** `1 key`, `2 keys`. */
export function countKeys(count: number): string {
  return `${count} ${count === 1 ? 'key' : 'keys'}`;
}

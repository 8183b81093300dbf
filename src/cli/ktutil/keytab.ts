import { KeytabError } from '../../errors.ts';
import type { Keytab, KeytabEntry } from '../../keytab/keytab.ts';
import { samePrincipal } from '../../messages/principal.ts';
import { type Arguments, during, type OptionRow, UsageError } from '../command.ts';
import { defaultKeytab, namedKeytab } from '../keytabs.ts';
import type { Session } from '../session.ts';

/** What several of ktutil's commands take. */
export const keytabOption: OptionRow = {
  flags: '-k, --keytab <name>',
  text: 'Use this keytab instead of the default one.',
};
export const enctypesOption: OptionRow = {
  flags: '-e, --enctypes <list>',
  text: 'These encryption types alone, as krb5.conf lists them.',
};
export const kvnoOption: OptionRow = { flags: '--kvno <number>', text: 'The version of the keys.' };
export const ageOption: OptionRow = {
  flags: '--age <duration>',
  text: 'Keep keys that newer ones took the place of less than this ago; a day if not given.',
};
export const quietOption: OptionRow = { flags: '-q, --quiet', text: 'Do not say what was done.' };

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
  if (!(kvno <= MAX_KVNO)) throw new UsageError(`${program}: '${text}' is no key version`);
  return kvno;
}

/** What became of keys that a keytab shall have. */
export interface Stored {
  readonly added: number;
  /** Of those, how many took the place of another key of the same version. */
  readonly replaced: number;
  /** How many it had already. */
  readonly known: number;
}

/** Puts keys into a keytab that has not got them; a key with the same name, version and enctype gives way. */
export async function storeEntries(keytab: Keytab, entries: readonly KeytabEntry[]): Promise<Stored> {
  const before = await entriesIfAny(keytab);
  const wanted = entries.filter((entry, i) => !entries.slice(0, i).some(other => isSame(entry, other)));
  const missing = wanted.filter(entry => !before.some(other => isSame(entry, other)));
  return during(`writing ${keytab.name}`, async () => {
    // Added first: at no time is there none.
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

/** Whether two entries are for one key: of the same name, version and enctype. */
export function isSameSlot(a: KeytabEntry, b: KeytabEntry): boolean {
  return samePrincipal(a.principal, b.principal) && a.kvno === b.kvno && a.key.keytype === b.key.keytype;
}

/** Whether two entries are for one key and have the same one. */
export function isSame(a: KeytabEntry, b: KeytabEntry): boolean {
  return isSameSlot(a, b) && Buffer.compare(a.key.keyvalue, b.key.keyvalue) === 0;
}

/** In JSON: keys that a keytab shall have, and what became of them. */
export async function storedJson(
  { name }: Keytab,
  entries: readonly KeytabEntry[],
  { added, replaced, known }: Stored,
): Promise<string> {
  return keysJson(name, 'keys', entries, { added, replaced, known });
}

/** In JSON: keys of a keytab by what has happened to them. */
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

import { ENCTYPE_NAMES, findEnctypeName } from './enctype-names.ts';

// Apart from the cryptosystems themselves, which nobody needs who only chooses among tickets.

/** The client's order of preference, MIT's without the deprecated types. */
export const DEFAULT_ENCTYPES: readonly number[] = [18, 17, 20, 19, 25, 26];

/** Whether keys of this type can be used here. */
export function isSupported(etype: number): boolean {
  const row = findEnctypeName(etype);
  return row !== undefined && !row.nameOnly;
}

/**
 * A list of enctypes as krb5.conf has it: names, aliases, families and DEFAULT, each added, or removed where `-`
 * precedes it, in any case, between blanks or commas; names nobody knows are passed over.
 *
 * Types that are only known by name (des3) are returned too, so that the list reads as written: whoever selects from it
 * keeps those for which `isSupported`. `allowWeak` admits the weak ones; the deprecated RC4 needs only its name.
 */
export function parseEnctypeList(
  text: string,
  defaults: readonly number[],
  options: { readonly allowWeak?: boolean } = {},
): number[] {
  const list = new Set<number>();
  for (const word of text.split(/[\s,]+/)) {
    const remove = word.startsWith('-');
    const name = (remove || word.startsWith('+') ? word.slice(1) : word).toLowerCase();
    for (const etype of name === 'default' ? defaults : named(name)) {
      if (remove) list.delete(etype);
      else if (options.allowWeak === true || findEnctypeName(etype)?.strength !== 'weak') list.add(etype);
    }
  }
  return [...list];
}

/** The types a lower-case name, alias or family stands for. */
function named(name: string): number[] {
  if (name === '') return [];
  const members = ENCTYPE_NAMES.filter(
    enctype => enctype.family === name || enctype.name === name || enctype.aliases.includes(name),
  );
  return members.map(enctype => enctype.etype);
}

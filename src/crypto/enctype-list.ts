import { ENCTYPE_NAMES, findEnctypeName } from './enctype-names.ts';

// This file does not import the cryptosystems: choosing among tickets does not need them.

/** The client's order of preference: MIT's, without the deprecated types. */
export const DEFAULT_ENCTYPES: readonly number[] = [18, 17, 20, 19, 25, 26];

/** Whether keys of this type can be used here. */
export function isSupported(etype: number): boolean {
  const row = findEnctypeName(etype);
  return row !== undefined && !row.nameOnly;
}

/**
 * Parses a list of enctypes from krb5.conf: names, aliases, families and DEFAULT, in upper or lower case, separated by
 * blanks or commas. Each is added, or removed if `-` precedes it; unknown names are ignored.
 *
 * Types that are only known by name (des3) are returned too, so that the list is as written: callers that select from
 * it filter by `isSupported`. `allowWeak` admits weak types; for the deprecated RC4 its name is enough.
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

/** The types of a lower-case name, alias or family. */
function named(name: string): number[] {
  if (name === '') return [];
  const members = ENCTYPE_NAMES.filter(
    enctype => enctype.family === name || enctype.name === name || enctype.aliases.includes(name),
  );
  return members.map(enctype => enctype.etype);
}

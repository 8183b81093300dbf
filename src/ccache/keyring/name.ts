import { CcacheError } from '../../errors.ts';

/** The keyring to which a collection belongs. `legacy` is the session's as well, as libraries before 1.12 use it. */
export type KeyringAnchor = 'session' | 'legacy' | 'user' | 'persistent';

/** The part of a cache's name after `KEYRING:`. */
export interface KeyringName {
  readonly anchor: KeyringAnchor;
  /** May be empty; for `persistent`, the number of a user, or empty for the current one. */
  readonly collection: string;
  /** Absent if the name stands for the collection and its primary cache. */
  readonly subsidiary?: string | undefined;
}

/** The name of a single cache. */
export type SubsidiaryName = KeyringName & { readonly subsidiary: string };

const ANCHORS: readonly string[] = ['session', 'legacy', 'user', 'persistent'] satisfies KeyringAnchor[];

/**
 * Parses `anchor:collection:subsidiary`, `anchor:collection` or, for `legacy`, `collection`. Throws CcacheError
 * CACHE_NAME.
 */
export function parseKeyringName(residual: string): KeyringName {
  const [anchor, rest] = splitAtColon(residual);
  if (rest === undefined) return { anchor: 'legacy', collection: residual };
  if (!isAnchor(anchor)) throw new CcacheError('CACHE_NAME', anchorFault(anchor), `KEYRING:${residual}`);
  const [collection, subsidiary] = splitAtColon(rest);
  if (anchor === 'persistent' && !/^\d{0,10}$/.test(collection)) throw invalidUid(residual);
  return { anchor, collection, subsidiary };
}

export function formatKeyringName({ anchor, collection, subsidiary }: KeyringName): string {
  return subsidiary === undefined ? `${anchor}:${collection}` : `${anchor}:${collection}:${subsidiary}`;
}

/** The name of a collection's first cache. */
export function firstSubsidiary({ collection }: KeyringName): string {
  // A keyring has to have a name.
  return collection || 'tkt';
}

/** Whether a cache is also linked from the session's keyring, where libraries before 1.12 look for it. */
export function isLegacyCache({ anchor, collection, subsidiary }: SubsidiaryName): boolean {
  return anchor === 'legacy' && collection === subsidiary;
}

/** The error for an unknown user, or one whose persistent keyring we may not use. */
export function invalidUid(residual: string, cause?: unknown): CcacheError {
  const sentence = 'Invalid UID in persistent keyring name';
  return new CcacheError('CACHE_NAME', sentence, `KEYRING:${residual}`, { cause });
}

function isAnchor(name: string): name is KeyringAnchor {
  return ANCHORS.includes(name);
}

function anchorFault(anchor: string): string {
  return anchor === 'process' || anchor === 'thread'
    ? `The keyring of a ${anchor} is out of reach for keyctl, which is another one: use session, user or persistent`
    : 'Invalid keyring anchor name';
}

function splitAtColon(text: string): readonly [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

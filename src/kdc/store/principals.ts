import { KerberosError } from '../../errors.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import { currentKeys, type PrincipalEntry } from '../database.ts';
import { OpenKeys } from '../key-version.ts';
import { EntryCache } from './cache.ts';
import { aliasNames, nameKey } from './names.ts';
import { decodeEntry, encodeEntry } from './record.ts';
import type { SealedRecords } from './sealed-records.ts';

/** The prefixes of keys: principals and their aliases. */
const PRINCIPAL = 'P';
const ALIAS = 'A';

/** The principals of a database file; an alias is a record with the key of the principal's record. */
export class StoredPrincipals {
  private readonly records: SealedRecords;
  private readonly entries: EntryCache<PrincipalEntry>;
  private readonly brief = new NoPool();

  /** The keys of cached entries are opened in `pool`. */
  constructor(records: SealedRecords, pool: OpenKeys) {
    this.records = records;
    this.entries = new EntryCache(records.file, (key, bytes, kept) =>
      decodeEntry(records.open(key, bytes), kept ? pool : this.brief),
    );
  }

  /** The principal with this name or alias. */
  find(components: readonly string[], realm: string): PrincipalEntry | undefined {
    const name = nameKey(components, realm);
    return this.entries.find(PRINCIPAL + name) ?? this.aliased(name);
  }

  /** The principal with this name, not one with this alias. */
  own(principal: Principal): PrincipalEntry | undefined {
    return this.entries.find(keyOf(principal));
  }

  private aliased(name: string): PrincipalEntry | undefined {
    const key = this.records.value<string>(ALIAS + name);
    return key === undefined ? undefined : this.entries.find(key);
  }

  /** Throws KerberosError PRINCIPAL_EXISTS if its name or an alias belongs to another principal. */
  checkNames(entry: PrincipalEntry): void {
    const { components, realm } = entry.principal;
    for (const name of [nameKey(components, realm), ...aliasNames(entry)]) {
      for (const holder of [this.entries.find(PRINCIPAL + name), this.aliased(name)]) {
        if (holder === undefined || samePrincipal(holder.principal, entry.principal)) continue;
        throw new KerberosError('PRINCIPAL_EXISTS', `${formatPrincipal(holder.principal)} has that name`);
      }
    }
  }

  /** Within `change` alone; takes the place of the principal with this name, if there is one. */
  put(entry: PrincipalEntry): void {
    const key = keyOf(entry.principal);
    this.remove(entry.principal);
    this.records.put(key, currentKeys(entry).kvno, encodeEntry(entry));
    for (const name of aliasNames(entry)) this.records.putValue(ALIAS + name, key);
  }

  /** Removes a principal and its aliases; returns whether there was one. Within `change` alone. */
  remove(principal: Principal): boolean {
    const key = keyOf(principal);
    const { file } = this.records;
    const entry = this.own(principal);
    for (const name of entry === undefined ? [] : aliasNames(entry)) {
      if (this.records.value<string>(ALIAS + name) === key) file.remove(ALIAS + name);
    }
    return file.remove(key);
  }

  /** Every principal, realm by realm, always in the same order. */
  *all(): Generator<PrincipalEntry, void> {
    const { file } = this.records;
    for (const key of file.keys(PRINCIPAL)) {
      const bytes = file.get(key);
      // Another process may have removed it.
      if (bytes !== undefined) yield decodeEntry(this.records.open(key, bytes), this.brief);
    }
  }
}

function keyOf({ components, realm }: Principal): string {
  return PRINCIPAL + nameKey(components, realm);
}

/** For entries that are soon garbage, together with their opened keys. */
class NoPool extends OpenKeys {
  override admit(): void {}
}

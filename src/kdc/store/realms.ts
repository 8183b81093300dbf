import { isTgs, type Principal } from '../../messages/principal.ts';
import type { RealmPolicy } from '../policy.ts';
import { EntryCache } from './cache.ts';
import { decodeValue } from './record.ts';
import type { SealedRecords } from './sealed-records.ts';

const REALM = 'R';

/** The served realms of a database file. */
export class StoredRealms {
  private readonly records: SealedRecords;
  private readonly policies: EntryCache<RealmPolicy>;
  /** The policies at one version of the file: each request asks for them several times. */
  private known = new Map<string, RealmPolicy>();
  private version = Number.NaN;

  constructor(records: SealedRecords) {
    this.records = records;
    this.policies = new EntryCache(records.file, (key, bytes) => decodeValue(records.open(key, bytes)));
  }

  /** The policy of a realm; undefined if it is not served. */
  find(name: string): RealmPolicy | undefined {
    const version = this.records.file.version();
    if (this.version !== version) {
      this.version = version;
      this.known = new Map();
    }
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const policy = this.policies.find(keyOf(name));
    if (policy !== undefined) this.known.set(name, policy);
    return policy;
  }

  /** Besides the principals of served realms there are the keys that other realms share with them. */
  serves(principal: Principal): boolean {
    const { components, realm } = principal;
    return this.find(realm) !== undefined || (isTgs(principal) && this.find(components[1]!) !== undefined);
  }

  /** Within `change` alone. */
  put(name: string, policy: RealmPolicy): void {
    this.records.putValue(keyOf(name), policy);
  }

  names(): readonly string[] {
    return this.records.file.keys(REALM).map(key => JSON.parse(key.slice(REALM.length)) as string);
  }
}

function keyOf(name: string): string {
  return REALM + JSON.stringify(name);
}

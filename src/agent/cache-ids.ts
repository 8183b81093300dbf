import { hash } from 'node:crypto';
import type { CacheContents } from '../ccache/ccache.ts';
import { encodeCredential } from '../ccache/file/credential-bytes.ts';
import { UUID_BYTES } from '../ccache/kcm/fields.ts';
import { textToBytes } from '../codec/text.ts';
import type { Credential } from '../messages/credential.ts';

// An identifier is computed from what it stands for: it survives restarts of the agent, and nothing is stored.

export function cacheId(name: string): Uint8Array {
  let id = idsOfNames.get(name);
  if (id === undefined) {
    id = digest(textToBytes(name));
    if (idsOfNames.size >= MAX_NAMES) idsOfNames.clear();
    idsOfNames.set(name, id);
  }
  return id;
}

export function credentialIds(contents: CacheContents): readonly Uint8Array[] {
  return [...tableOf(contents).values()].map(({ id }) => id);
}

export function credentialById(contents: CacheContents, id: Uint8Array): Credential | undefined {
  return tableOf(contents).get(hex(id))?.credential;
}

interface Entry {
  readonly id: Uint8Array;
  readonly credential: Credential;
}

/** As many as there can be caches. */
const MAX_NAMES = 1000;
const idsOfNames = new Map<string, Uint8Array>();
const tables = new WeakMap<CacheContents, ReadonlyMap<string, Entry>>();
const ids = new WeakMap<Credential, Uint8Array>();

function tableOf(contents: CacheContents): ReadonlyMap<string, Entry> {
  let table = tables.get(contents);
  if (table === undefined) {
    table = new Map(
      contents.credentials.map(credential => {
        const id = credentialId(credential);
        return [hex(id), { id, credential }];
      }),
    );
    tables.set(contents, table);
  }
  return table;
}

function credentialId(credential: Credential): Uint8Array {
  let id = ids.get(credential);
  if (id === undefined) {
    id = digest(encodeCredential(credential));
    ids.set(credential, id);
  }
  return id;
}

function digest(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer').subarray(0, UUID_BYTES);
}

function hex(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import type { CacheContents, CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { isRemoved } from '../../src/ccache/file/credential-format.ts';

/** An empty directory that goes with the test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function environment(directory: string): CcacheEnvironment {
  return {
    dataDirectory: join(directory, 'data'),
    keychain: () => Promise.reject(new TypeError('no keychain is needed here')),
  };
}

const name = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'grapheme', maxLength: 4 }));
const bytes = fc.uint8Array({ maxLength: 40 });
const signed16 = fc.integer({ min: -0x8000, max: 0x7fff });
const date = fc.nat(0xffffffff).map(seconds => new Date(seconds * 1000));
const laterDate = fc.option(fc.integer({ min: 1, max: 0xffffffff }), { nil: undefined });
const optionalDate = laterDate.map(seconds => (seconds === undefined ? undefined : new Date(seconds * 1000)));

export const anyPrincipal = fc.record({
  nameType: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  components: fc.array(name, { maxLength: 4 }),
  realm: name,
});

export const anyKey = fc.record({ keytype: signed16, keyvalue: bytes });

const anyCredential = fc
  .record({
    client: anyPrincipal,
    server: anyPrincipal,
    key: anyKey,
    authtime: date,
    starttime: optionalDate,
    endtime: date,
    renewTill: optionalDate,
    flags: fc.nat(0xffffffff),
    addresses: fc.array(fc.record({ addrType: signed16, address: bytes }), { maxLength: 3 }),
    authorizationData: fc.array(fc.record({ adType: signed16, adData: bytes }), { maxLength: 3 }),
    ticket: bytes,
    secondTicket: bytes,
    isSkey: fc.boolean(),
  })
  // These times are the mark of one that was removed.
  .filter(times => !isRemoved(times));

export const anyContents: fc.Arbitrary<CacheContents> = fc.record({
  principal: anyPrincipal,
  credentials: fc.array(anyCredential, { maxLength: 5 }),
  kdcOffset: fc.option(
    fc.integer({ min: -2147483647, max: 2147483647 }).map(microseconds => microseconds / 1000),
    { nil: undefined },
  ),
});

export const isRoot = process.geteuid?.() === 0;

/** Does `work` as a user without rights; only root can. */
export function asSomebodyElse(work: () => void): void {
  process.setegid!(65534);
  process.seteuid!(65534);
  try {
    work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

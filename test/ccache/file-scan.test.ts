import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CacheContents, CacheScan } from '../../src/ccache/ccache.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { openScan } from '../../src/ccache/file/scan.ts';
import { fileType } from '../../src/ccache/file.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { anyContents } from './samples.ts';
import { contents, credential, tgt } from './tickets.ts';

// Thousands of files are written, which takes long where others write as well.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let path: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'krb5kit-scan-'));
  path = join(directory, 'cc');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A removed credential, a principal beyond ASCII, addresses, and tickets shorter and longer than a piece. */
const sizes = [...Array(300).keys(), 100_000, 131_072, 700_000, 5, 131_071];
const many = {
  ...contents,
  kdcOffset: 1500,
  credentials: [
    tgt,
    credential('host/x@A.TEST', { authtime: new Date(0xffffffff * 1000), endtime: new Date(0) }),
    credential('höst/\udcff@A.TEST', { client: tgt.server, isSkey: true, secondTicket: Uint8Array.of(1) }),
    credential('host@A.TEST', {
      addresses: [{ addrType: 2, address: Uint8Array.of(10, 0, 0, 1) }],
      authorizationData: [{ adType: -1, adData: Uint8Array.of(2) }],
      starttime: undefined,
      renewTill: undefined,
    }),
    ...sizes.map((size, i) => credential(`host/${i}@A.TEST`, { ticket: new Uint8Array(size).fill(i) })),
  ],
};

describe('openScan', () => {
  it('goes through what decode gives, whatever its length', () => {
    const bytes = write(many);
    const { credentials } = CcacheFile.decode(bytes);
    expect(scanned().slice(0, 10)).toEqual(credentials.slice(0, 10));
    expect(isSame(scanned(), credentials)).toBe(true);
  });

  it('ends where a cache breaks off, wherever that is', () => {
    const bytes = CcacheFile.encode({ ...many, credentials: many.credentials.slice(0, 6) });
    const head = CcacheFile.encode({ ...many, credentials: [] }).length;
    for (let length = head; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      writeFileSync(path, cut);
      expectAsDecoded(cut);
    }
  });

  it('ends where a cache is cut short meanwhile', () => {
    write(many);
    const names: string[] = [];
    use(({ credentials }) => {
      for (const { server } of credentials) {
        names.push(server.components.join('/'));
        truncateSync(path, 0);
      }
    });
    expect(names.slice(0, 2)).toEqual(['krbtgt/A.TEST', 'höst/\udcff']);
    expect(names.length).toBeLessThan(many.credentials.length - 2);
  });

  it('reads any cache and any junk behind its head as decode does', () => {
    fc.assert(
      fc.property(anyContents, fc.uint8Array({ maxLength: 200 }), (before, junk) => {
        const bytes = Buffer.concat([CcacheFile.encode(before), junk]);
        writeFileSync(path, bytes);
        expectAsDecoded(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it('survives the flip of any bit behind the head', () => {
    const bytes = CcacheFile.encode({ ...many, credentials: many.credentials.slice(2, 5) });
    const head = CcacheFile.encode({ ...many, credentials: [] }).length;
    for (let bit = head * 8; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      expectAsDecoded(flipped);
    }
  });

  it('leaves to others what is no cache in version 4, or is too long for one', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(5, 3, 0), Uint8Array.of(5, 4, 0, 0, 0)]) {
      writeFileSync(path, bytes);
      expect(openScan(path)).toBe(undefined);
    }
    write(many);
    truncateSync(path, (16 << 20) + 1);
    expect(openScan(path)).toBe(undefined);
  });
});

describe('scan of a FILE cache', () => {
  const cache = () =>
    fileType.resolve(path, {
      dataDirectory: directory,
      keychain: () => Promise.reject(new TypeError('no keychain is needed here')),
    });

  it.each([
    ['a short one', { ...many, credentials: [tgt] }],
    ['a long one', many],
  ])('gives the contents of %s', async (_name, before) => {
    const bytes = write(before);
    const [principal, credentials] = await cache().scan!(
      async scan => [scan.principal, copied(scan.credentials)] as const,
    );
    expect(principal).toEqual(before.principal);
    expect(isSame(credentials, CcacheFile.decode(bytes).credentials)).toBe(true);
  });

  it.each([
    ['there is none', () => rmSync(path, { force: true }), 'CACHE_NOT_FOUND'],
    ['it is long and nonsense', () => writeFileSync(path, new Uint8Array(1 << 20)), 'CACHE_VERSION'],
    ['its head is longer than the file', () => writeFileSync(path, longHead()), 'CACHE_FORMAT'],
  ])('throws what load throws where %s', async (_name, prepare, code) => {
    prepare();
    const error = await cache()
      .load()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    await expect(cache().scan!(async () => 0)).rejects.toEqual(error);
  });

  it.runIf(process.platform === 'linux')('closes the file, however it ends', async () => {
    write(many);
    const isOpen = () => readdirSync('/proc/self/fd').some(fd => linkOf(`/proc/self/fd/${fd}`) === path);
    expect(await cache().scan!(async () => isOpen())).toBe(true);
    expect(isOpen()).toBe(false);
    await expect(cache().scan!(() => Promise.reject(new Error('enough')))).rejects.toThrow('enough');
    expect(isOpen()).toBe(false);
  });
});

function write(before: CacheContents): Uint8Array {
  const bytes = CcacheFile.encode(before);
  writeFileSync(path, bytes);
  return bytes;
}

/** Byte by byte, as cache files have them; to compare each property would take minutes. */
function expectAsDecoded(bytes: Uint8Array): void {
  const { credentials, damaged } = CcacheFile.decode(bytes);
  const found = scanned();
  expect(found.damaged).toBe(damaged);
  expect(isSame(found, credentials)).toBe(true);
}

function isSame(a: readonly Credential[], b: readonly Credential[]): boolean {
  const [left, right] = [a, b].map(credentials => CcacheFile.encode({ ...contents, credentials }));
  return a.length === b.length && Buffer.compare(left!, right!) === 0;
}

/** Undefined for what is closed again. */
function linkOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(descriptor);
  } catch {
    return undefined;
  }
}

function longHead(): Uint8Array {
  const bytes = new Uint8Array(1 << 20);
  bytes.set([5, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0xff]);
  return bytes;
}

/** What a scan gives; `damaged` if it ended in an error that says so. */
function scanned(): Credential[] & { damaged?: true } {
  const found: Credential[] & { damaged?: true } = [];
  use(({ credentials }) => {
    try {
      for (const credential of credentials) found.push(...copied([credential]));
    } catch (error) {
      expect(error).toMatchObject({ code: 'CACHE_FORMAT' });
      found.damaged = true;
    }
  });
  return found;
}

function use<T>(look: (scan: CacheScan) => T): T {
  const scan = openScan(path)!;
  try {
    return look(scan);
  } finally {
    scan.close();
  }
}

function copied(credentials: Iterable<Credential>): Credential[] {
  return Array.from(credentials, each => ({
    client: each.client,
    server: each.server,
    key: { ...each.key, keyvalue: each.key.keyvalue.slice() },
    authtime: each.authtime,
    starttime: each.starttime,
    endtime: each.endtime,
    renewTill: each.renewTill,
    flags: each.flags,
    addresses: each.addresses.map(({ addrType, address }) => ({ addrType, address: address.slice() })),
    authorizationData: each.authorizationData.map(({ adType, adData }) => ({
      adType,
      adData: adData.slice(),
    })),
    ticket: each.ticket.slice(),
    secondTicket: each.secondTicket.slice(),
    isSkey: each.isSkey,
  }));
}

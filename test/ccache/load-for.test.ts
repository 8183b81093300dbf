import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { dirType } from '../../src/ccache/dir.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { fileType } from '../../src/ccache/file.ts';
import { headOf, readableHead } from '../../src/ccache/head.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { environment, scratch } from './samples.ts';
import { contents, credential, tgt } from './tickets.ts';

const host = parsePrincipal('host/a@A.TEST');
const bulk = credential('bulk@A.TEST', { ticket: new Uint8Array(300_000).fill(3) });
const wanted = [
  credential('host/a@A.TEST', { ticket: new Uint8Array(1000).fill(1) }),
  credential('host/a@A.TEST', { isSkey: true, secondTicket: Uint8Array.of(1), authtime: new Date(0) }),
];
const many = { ...contents, kdcOffset: 1500, credentials: [tgt, wanted[0]!, bulk, wanted[1]!, bulk] };

let directory: string;
let path: string;

beforeEach(() => {
  directory = scratch();
  path = join(directory, 'tkt');
});

describe.each([
  ['FILE', () => fileType.resolve(path, environment(directory))],
  ['DIR', () => dirType.resolve(`:${path}`, environment(directory))],
])('what is loaded of a %s cache for a server', (_type, cache) => {
  const save = (saved: CacheContents): void => writeFileSync(path, CcacheFile.encode(saved));

  it('is all that there is for it, and nothing for others if the cache is long', async () => {
    save(many);
    expect(await cache().loadFor!([host])).toEqual({ ...many, credentials: wanted });
    expect(await cache().loadFor!([tgt.server, host])).toEqual({ ...many, credentials: [tgt, ...wanted] });
    expect(await cache().loadFor!([parsePrincipal('host/a@B.TEST')])).toEqual({ ...many, credentials: [] });
  });

  it('has at least the same if the cache is short', async () => {
    save({ ...many, credentials: [tgt, ...wanted] });
    expect((await cache().loadFor!([host])).credentials).toEqual(expect.arrayContaining(wanted));
  });

  it('is the head alone without a server', async () => {
    save(many);
    expect(await headOf(cache())).toEqual({ ...many, credentials: [] });
  });

  it('is what was whole if the cache is damaged', async () => {
    const bytes = CcacheFile.encode(many);
    writeFileSync(path, bytes.subarray(0, -1));
    expect((await cache().loadFor!([host])).credentials).toEqual(wanted);
    writeFileSync(path, Buffer.concat([bytes, new Uint8Array(60).fill(0xff)]));
    expect((await cache().loadFor!([host])).credentials).toHaveLength(5);
  });

  it('is refused as the whole is', async () => {
    await expect(headOf(cache())).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
    expect(await readableHead(cache())).toBe(undefined);
    writeFileSync(path, new Uint8Array(1 << 20));
    await expect(headOf(cache())).rejects.toMatchObject({ code: 'CACHE_VERSION' });
    expect(await readableHead(cache())).toBe(undefined);
  });
});

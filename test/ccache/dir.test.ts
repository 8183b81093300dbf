import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ccacheName } from '../../src/ccache/ccache.ts';
import { dirType } from '../../src/ccache/dir.ts';
import { environment, scratch } from './samples.ts';
import { alice, contents, credential, NOW, tgt } from './tickets.ts';

let home: string;
let directory: string;
beforeEach(() => {
  home = scratch();
  directory = join(home, 'd');
});

const cache = (residual: string) => dirType.resolve(residual, environment(home));
const collection = (residual: string) => dirType.collection!(residual, environment(home))!;
const names = async (residual: string) => (await collection(residual).list()).map(ccacheName);
const primary = () => readFileSync(join(directory, 'primary'), 'utf8');

describe('a DIR collection', () => {
  it('is made for its owner alone when it is first named, with `tkt` as its primary', () => {
    expect(ccacheName(cache(directory))).toBe(`DIR::${directory}/tkt`);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(primary()).toBe('tkt\n');
  });

  it('has the primary stay what it was when it was named', async () => {
    const first = cache(directory);
    await first.initialize(contents);
    const other = await collection(directory).create(alice);
    await other.initialize(contents);
    await collection(directory).setPrimary(other);
    expect(first.residual).toBe(`:${directory}/tkt`);
    expect(cache(directory).residual).toBe(other.residual);
  });

  it('lists its primary first and what begins with tkt, as far as it is there', async () => {
    for (const name of ['tkta', 'tktb', 'tktc']) await cache(`:${directory}/${name}`).initialize(contents);
    writeFileSync(join(directory, 'notes'), '');
    await collection(directory).setPrimary(cache(`:${directory}/tktc`));
    const [first, ...others] = await names(directory);
    expect(first).toBe(`DIR::${directory}/tktc`);
    expect(others.sort()).toEqual([`DIR::${directory}/tkta`, `DIR::${directory}/tktb`]);
    await cache(directory).destroy();
    expect((await names(directory)).sort()).toEqual(others);
    expect(await collection(directory).primary()).toBeUndefined();
  });

  it('names new members tkt and six more', async () => {
    const first = await collection(directory).create(alice);
    const second = await collection(directory).create(alice);
    for (const { residual } of [first, second]) expect(residual).toMatch(/^:.*\/d\/tkt[a-z0-9]{6}$/);
    expect(second.residual).not.toBe(first.residual);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is empty where there is no directory, and makes none for that', async () => {
    expect(await names(directory)).toEqual([]);
    expect(await collection(directory).primary()).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });

  it.each([
    ['other\n', 'CACHE_FORMAT'],
    ['tkt/x\n', 'CACHE_FORMAT'],
    ['tkt\\x\n', 'CACHE_FORMAT'],
    ['tkt', 'CACHE_FORMAT'],
    [`tkt${'x'.repeat(100)}\n`, 'CACHE_FORMAT'],
    ['', 'CACHE_IO'],
    ['tkt\n'.repeat(100_000), 'CACHE_IO'],
  ])('has no primary where the file says %j', async (text, code) => {
    await cache(`:${join(home, 'd')}/tkta`).initialize(contents);
    writeFileSync(join(directory, 'primary'), text);
    expect(() => cache(directory)).toThrow(expect.objectContaining({ code }));
    expect(await collection(directory).primary()).toBeUndefined();
    expect(await names(directory)).toEqual([`DIR::${directory}/tkta`]);
  });

  it('does not follow a link in the place of its file `primary`', () => {
    mkdirSync(directory);
    const target = join(home, 'target');
    symlinkSync(target, join(directory, 'primary'));
    cache(directory);
    expect(readdirSync(home)).toEqual(['d']);
    expect(primary()).toBe('tkt\n');
  });
});

describe('a member of a DIR collection', () => {
  it('is a cache file', async () => {
    const member = cache(`:${directory}/tktx`);
    const added = credential('host/a@A.TEST');
    await member.initialize(contents);
    await member.store([added], NOW);
    expect((await member.load()).credentials).toEqual([tgt, added]);
    expect(await member.remove(each => each.server.components[0] === 'host')).toBe(1);
    expect(await member.load()).toEqual(contents);
    await member.destroy();
    await expect(member.load()).rejects.toThrow(`No credentials cache found (filename: ${directory}/tktx)`);
  });

  it('stands for itself alone, and may become the primary one', async () => {
    for (const name of ['tkta', 'tktb']) await cache(`:${directory}/${name}`).initialize(contents);
    const around = collection(`:${directory}/tktb`);
    expect(await names(`:${directory}/tktb`)).toEqual([`DIR::${directory}/tktb`]);
    expect(await names(`:${directory}/tktc`)).toEqual([]);
    await around.setPrimary((await around.list())[0]!);
    expect(primary()).toBe('tktb\n');
    await expect(around.create(alice)).rejects.toMatchObject({
      code: 'CACHE_NAME',
      message: "Can't create new subsidiary cache because default cache is not a directory collection",
    });
  });

  it.each([
    ['tkt', 'Subsidiary cache path tkt has no parent directory'],
    ['/x/cc', 'Subsidiary cache path /x/cc filename does not begin with "tkt"'],
  ])('cannot be %s', async (path, message) => {
    expect(() => cache(`:${path}`)).toThrow(expect.objectContaining({ code: 'CACHE_NAME', message }));
    expect(await names(`:${path}`)).toEqual([]);
  });
});

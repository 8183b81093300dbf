import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  firstSubsidiary,
  formatKeyringName,
  isLegacyCache,
  parseKeyringName,
} from '../../src/ccache/keyring/name.ts';
import { keyringType } from '../../src/ccache/keyring.ts';
import { environment } from './samples.ts';
import { alice } from './tickets.ts';

describe('the name of a KEYRING cache', () => {
  it.each([
    ['session:foo', { anchor: 'session', collection: 'foo' }],
    ['session:foo:bar', { anchor: 'session', collection: 'foo', subsidiary: 'bar' }],
    ['user:foo:a:b', { anchor: 'user', collection: 'foo', subsidiary: 'a:b' }],
    ['persistent:', { anchor: 'persistent', collection: '' }],
    ['persistent:1000:tkt', { anchor: 'persistent', collection: '1000', subsidiary: 'tkt' }],
    ['session::', { anchor: 'session', collection: '', subsidiary: '' }],
    ['legacy:foo', { anchor: 'legacy', collection: 'foo' }],
  ])('%s has its parts', (residual, parts) => {
    expect(parseKeyringName(residual)).toEqual(parts);
    expect(formatKeyringName(parseKeyringName(residual))).toBe(residual);
  });

  it.each(['foo', ''])('%j without an anchor is of the session, in the old way', residual => {
    expect(parseKeyringName(residual)).toEqual({ anchor: 'legacy', collection: residual });
  });

  it.each([
    ['bogus:x', 'Invalid keyring anchor name'],
    [':', 'Invalid keyring anchor name'],
    ['SESSION:x', 'Invalid keyring anchor name'],
    ['process:x', /^The keyring of a process is out of reach for keyctl/],
    ['thread:x', /^The keyring of a thread is out of reach for keyctl/],
    ['persistent:abc', 'Invalid UID in persistent keyring name'],
    ['persistent:-1', 'Invalid UID in persistent keyring name'],
    ['persistent:123456789012', 'Invalid UID in persistent keyring name'],
  ])('cannot be %s', (residual, message) => {
    expect(() => parseKeyringName(residual)).toThrow(
      expect.objectContaining({
        code: 'CACHE_NAME',
        cache: `KEYRING:${residual}`,
        message: expect.stringMatching(message),
      }),
    );
  });

  it('has a first cache, which bears the name of the collection', () => {
    expect(firstSubsidiary(parseKeyringName('session:foo'))).toBe('foo');
    expect(firstSubsidiary(parseKeyringName('persistent:'))).toBe('tkt');
  });

  it.each([
    ['legacy', 'foo', true],
    ['legacy', 'bar', false],
    ['session', 'foo', false],
  ] as const)('of %s:foo:%s is linked from the session: %s', (anchor, subsidiary, linked) => {
    expect(isLegacyCache({ anchor, collection: 'foo', subsidiary })).toBe(linked);
  });
});

describe.skipIf(process.platform !== 'linux')('the collection of a KEYRING name', () => {
  const collection = (residual: string) => keyringType.collection!(residual, environment('/nonexistent'))!;

  it('names a new cache as the native library does, and makes nothing for that', async () => {
    const first = await collection('session:foo').create(alice);
    const second = await collection('session:foo').create(alice);
    expect(first.residual).toMatch(/^session:foo:krb_ccache_[A-Za-z0-9]{7}$/);
    expect(second.residual).not.toBe(first.residual);
  });

  it('is one cache alone where the name is that of one', async () => {
    await expect(collection('session:foo:bar').create(alice)).rejects.toMatchObject({
      code: 'CACHE_NAME',
      message: "Can't create new subsidiary cache because default cache is already a subsidiary",
    });
  });
});

describe('on another system than Linux', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('a KEYRING name is refused', () => {
    vi.stubGlobal('process', { ...process, platform: 'darwin' });
    const refused = expect.objectContaining({
      code: 'CACHE_TYPE_UNKNOWN',
      message: 'KEYRING caches belong to the kernel of Linux: name a cache of another type',
    });
    expect(() => keyringType.resolve('session:x', environment('/nonexistent'))).toThrow(refused);
    expect(() => keyringType.collection!('session:x', environment('/nonexistent'))).toThrow(refused);
  });
});

import { beforeEach, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { findConfig } from '../../src/ccache/config-entries.ts';
import { refreshFromPassword } from '../../src/client/client-password.ts';
import { openContext } from '../../src/gss/initiate.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { alice, PASSWORD } from '../support/scripted-kdc.ts';
import { createTestRealm, host, newCache, type TestRealm } from './realm.ts';

const HOUR = 3600;
let realm: TestRealm;
let cache: Ccache;
let asked = 0;

beforeEach(() => {
  realm = createTestRealm();
  cache = newCache();
  asked = 0;
});

function source(word = PASSWORD) {
  const password = async () => {
    asked++;
    return word;
  };
  return { client: alice, lifetime: 10 * HOUR, password };
}

it('a context is opened with a ticket by password, which is asked for again at half time only', async () => {
  const open = () => openContext(host, cache, { ...realm, clientPassword: source() });
  await open();
  await open();
  expect([(await cache.load()).principal, asked]).toEqual([alice, 1]);
  realm.advance(5 * HOUR);
  await open();
  expect(asked).toBe(2);
  realm.advance(20 * HOUR);
  await Promise.all(Array.from({ length: 20 }, open));
  expect(asked).toBe(3);
});

it('a wrong password is an error unless a ticket lasts, and is then seldom tried again', async () => {
  await expect(refreshFromPassword(cache, source('wrong'), realm)).rejects.toMatchObject({
    code: 'PASSWORD_INCORRECT',
  });
  await refreshFromPassword(cache, source(), realm);
  realm.advance(6 * HOUR);
  asked = 0;
  for (let minute = 0; minute < 4 * 60; minute++) {
    await refreshFromPassword(cache, source('wrong'), realm);
    realm.advance(60);
  }
  expect(asked).toBeLessThan(10);
  await expect(refreshFromPassword(cache, source('wrong'), realm)).rejects.toMatchObject({
    code: 'PASSWORD_INCORRECT',
  });
  await refreshFromPassword(cache, source(), realm);
  expect(findConfig(await cache.load(), 'refresh_time')).toBeDefined();
});

it('a wrong password is not tried again and again while the ticket ends', async () => {
  await refreshFromPassword(cache, source(), realm);
  realm.advance(10 * HOUR - 25);
  asked = 0;
  for (let i = 0; i < 20; i++) {
    await refreshFromPassword(cache, source('wrong'), realm);
    realm.advance(1);
  }
  expect(asked).toBe(1);
});

it('a cache with the tickets of somebody else is refused, and left alone', async () => {
  await refreshFromPassword(cache, source(), realm);
  const filled = await cache.load();
  const other = { ...source(), client: host };
  await expect(openContext(host, cache, { ...realm, clientPassword: other })).rejects.toMatchObject({
    code: 'CREDENTIAL_NOT_FOUND',
  });
  expect(await cache.load()).toEqual(filled);
});

it('a cache that was filled by another name of its owner is found again by that name alone', async () => {
  realm = createTestRealm({ aliases: ['al'] });
  const by = (name: string) => ({ ...source(), client: parsePrincipal(name), canonicalize: true });
  await refreshFromPassword(cache, by('al@A.TEST'), realm);
  await refreshFromPassword(cache, by('al@A.TEST'), realm);
  expect([(await cache.load()).principal.components, asked]).toEqual([['alice'], 1]);
  await expect(refreshFromPassword(cache, by('bob@A.TEST'), realm)).rejects.toThrow('not of bob@A.TEST');
  const { credentials } = await cache.load();
  // As for somebody for whom alice acts.
  await cache.initialize({ principal: host, credentials });
  await expect(refreshFromPassword(cache, by('al@A.TEST'), realm)).rejects.toThrow('not of al@A.TEST');
});

it('what the function that is asked throws is passed on', async () => {
  const password = () => Promise.reject(new Error('nobody there'));
  await expect(refreshFromPassword(cache, { client: alice, password }, realm)).rejects.toThrow(
    'nobody there',
  );
});

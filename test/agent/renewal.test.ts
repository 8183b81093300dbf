import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRenewal } from '../../src/agent/renewal.ts';
import { keychainStore } from '../../src/agent/sealed.ts';
import { type AgentStore, memoryStore } from '../../src/agent/store.ts';
import { KerberosError, TransportError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { scratch } from '../ccache/samples.ts';
import { createTestRealm, type TestRealm } from '../client/realm.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';

const HOUR = 3600;

async function sealedWith(realm: TestRealm): Promise<{ store: AgentStore; dataDirectory: string }> {
  const dataDirectory = join(scratch(), 'data');
  const chain = memoryKeychain();
  const store = keychainStore({ dataDirectory, keychain: async () => chain });
  return { store: await storeWith(realm, store), dataDirectory };
}

async function storeWith(realm: TestRealm, store = memoryStore()): Promise<AgentStore> {
  const { credential, kdcOffset } = await realm.login({ lifetime: 2 * HOUR, renewLifetime: 24 * HOUR });
  const contents = { principal: credential.client, credentials: [credential], kdcOffset };
  await store.change(() => ({
    caches: { primary: 'a', members: new Map([['a', contents]]) },
    value: undefined,
  }));
  return store;
}

const endOf = async (store: AgentStore) => (await store.read()).members.get('a')!.credentials[0]!.endtime;

function renew(store: AgentStore, realm: TestRealm, transport: Transport = realm.transport) {
  const log: string[] = [];
  const renewal = startRenewal(store, { transport, now: realm.now, log: line => log.push(line) });
  onTestFinished(() => renewal.stop());
  return { log, look: () => renewal.wake() };
}

/** A transport that brings nothing but an error. */
function failing(error: Error): TestRealm['transport'] {
  const transport = Object.assign(
    async () => {
      transport.count++;
      throw error;
    },
    { count: 0 },
  );
  return transport;
}

describe('renewal', () => {
  it('waits for half the life of a ticket, and then makes it last longer', async () => {
    const realm = createTestRealm();
    const store = await storeWith(realm);
    const first = await endOf(store);
    const { look } = renew(store, realm);
    realm.advance(0.9 * HOUR);
    look();
    await sleep(700);
    expect(await endOf(store)).toEqual(first);
    realm.advance(0.2 * HOUR);
    look();
    await expect.poll(async () => (await endOf(store)).getTime()).toBeGreaterThan(first.getTime());
  });

  it('tells once of a KDC that cannot be reached, and asks no more than once a minute', async () => {
    const realm = createTestRealm();
    const store = await storeWith(realm);
    realm.advance(1.5 * HOUR);
    const broken = failing(new TransportError('KDC_UNREACHABLE', 'Cannot contact any KDC', 'A.TEST'));
    const { log, look } = renew(store, realm, broken);
    await expect.poll(() => log).toEqual(['Cannot renew the ticket in KCM:a: Cannot contact any KDC']);
    look();
    await sleep(700);
    expect(broken.count).toBe(1);
    realm.advance(20 * 60);
    look();
    await expect.poll(() => broken.count).toBe(2);
    expect(log).toHaveLength(1);
  });

  it('tells once of a KDC that refuses, and asks it again after half of what is left', async () => {
    const realm = createTestRealm();
    const store = await storeWith(realm);
    const first = await endOf(store);
    realm.advance(1.5 * HOUR);
    const refusing = failing(new KerberosError('KDC_ERROR', 'Clock skew too great'));
    let transport: Transport = refusing;
    const { log, look } = renew(store, realm, (...asked) => transport(...asked));
    await expect.poll(() => log).toHaveLength(1);
    realm.advance(14 * 60);
    look();
    await sleep(700);
    expect(refusing.count).toBe(1);
    realm.advance(2 * 60);
    look();
    await expect.poll(() => refusing.count).toBe(2);
    expect(log).toHaveLength(1);
    transport = realm.transport;
    realm.advance(8 * 60);
    look();
    await expect.poll(async () => (await endOf(store)).getTime()).toBeGreaterThan(first.getTime());
  });

  it('goes on when the tickets can be reached again', async () => {
    const realm = createTestRealm();
    const sealed = await sealedWith(realm);
    const first = await endOf(sealed.store);
    const { look } = renew(sealed.store, realm);
    realm.advance(1.5 * HOUR);
    // As on a file server whose own ticket has expired.
    const { dataDirectory } = sealed;
    renameSync(dataDirectory, `${dataDirectory}.moved`);
    symlinkSync(dataDirectory, dataDirectory);
    await sleep(200);
    look();
    await sleep(700);
    unlinkSync(dataDirectory);
    renameSync(`${dataDirectory}.moved`, dataDirectory);
    look();
    await expect.poll(async () => (await endOf(sealed.store)).getTime()).toBeGreaterThan(first.getTime());
  });

  it('does not ask for what is locked', async () => {
    const realm = createTestRealm();
    const store = { ...(await storeWith(realm)), peek: async () => undefined };
    realm.advance(1.5 * HOUR);
    const { count } = realm.transport;
    renew(store, realm);
    await sleep(100);
    expect(realm.transport.count).toBe(count);
  });
});

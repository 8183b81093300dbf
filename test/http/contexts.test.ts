import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { createUserToUserInitiator } from '../../src/gss/user-to-user.ts';
import { acceptContexts, openFromCache } from '../../src/http/contexts.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { alice, makeCredential, sample } from '../ap/made-up.ts';
import { newCache } from '../client/realm.ts';
import { establish, now } from '../gss/support.ts';

it('a service without a keytab accepts by its ticket-granting ticket', async () => {
  const key = randomKey(18);
  const made = makeCredential({ server: parsePrincipal('krbtgt/A.TEST@A.TEST'), client: sample });
  const accept = acceptContexts({ tgt: { ...made, key: toEncryptionKey(key) }, now });
  const acceptor = accept({ keytab: [], channelBindings: undefined });
  const credential = { ...makeCredential({ key, kvno: undefined }), isSkey: true };
  await establish(
    createUserToUserInitiator(sample, async () => credential, { now }),
    acceptor,
  );
  expect(acceptor.info).toMatchObject({ initiator: alice, acceptor: sample });
});

it('are not accepted with a clock skew that is not a number', () => {
  expect(() => acceptContexts({ replayCache: 'none', clockskew: Number.NaN })).toThrow(TypeError);
});

it('are waited for no longer than the signal of the options, or the request’s own, lets', async () => {
  for (const which of ['all', 'one'] as const) {
    const stops = { all: new AbortController(), one: new AbortController() };
    let most = 0;
    const transport: Transport = (_realm, _request, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        setTimeout(() => {
          most = Math.max(most, getEventListeners(stops.all.signal, 'abort').length);
          stops[which].abort(new Error(which));
        }, 10);
      });
    const cache = newCache();
    const tgt = makeCredential({ client: alice, server: tgsPrincipal('A.TEST') });
    await cache.initialize({ principal: alice, credentials: [tgt] });
    const open = openFromCache(cache, { transport, signal: stops.all.signal, now });
    const opened = ['a', 'b'].map(host =>
      open({ host, delegation: 'none', signal: stops.one.signal }).then(context => context.step()),
    );
    for (const outcome of await Promise.allSettled(opened)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: which } });
    }
    // Node warns of more than ten.
    expect(most).toBe(1);
    expect(getEventListeners(stops.all.signal, 'abort')).toEqual([]);
  }
});

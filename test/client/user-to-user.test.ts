import { describe, expect, it } from 'vitest';
import { forwardCredential } from '../../src/client/forward.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { findPeerTgt, getUserToUserCredential } from '../../src/client/user-to-user.ts';
import { FORWARDABLE, FORWARDED, RENEWABLE } from '../../src/messages/flags.ts';
import { KU_TICKET } from '../../src/messages/numbers.ts';
import { formatPrincipal, parsePrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toKey, unseal } from '../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { alice, NOW, scripted, tgsReply } from '../support/scripted-kdc.ts';
import { createTestRealm, newCache } from './realm.ts';
import { newTgt, session } from './s4u-support.ts';

const bob = parsePrincipal('bob@A.TEST');
const HOUR = 3600;

async function withPeer() {
  const realm = createTestRealm();
  realm.database.add(bob, { password: 'alicepw' });
  const cache = await realm.cacheWith();
  const { credential } = await realm.login({}, bob);
  const peerCache = newCache();
  await peerCache.initialize({ principal: bob, credentials: [credential] });
  return { realm, cache, peerCache, peerTgt: credential };
}

describe('a user-to-user ticket', () => {
  it('is sealed in the session key of the peer’s ticket-granting ticket, and kept with that', async () => {
    const { realm, cache, peerCache, peerTgt } = await withPeer();
    const { ticket: secondTicket } = await findPeerTgt(peerCache, realm);
    const got = await getUserToUserCredential(cache, { server: bob, secondTicket }, realm);
    expect([got.isSkey, got.secondTicket]).toEqual([true, peerTgt.ticket]);
    const { encPart } = Ticket.decode(got.ticket);
    const part = unseal(EncTicketPart, encPart, toKey(peerTgt.key), KU_TICKET);
    expect([part.cname.nameString, encPart.kvno]).toEqual([['alice'], undefined]);
  });

  it('is taken from the cache for the same ticket-granting ticket alone', async () => {
    const { realm, cache, peerTgt } = await withPeer();
    const peer = { server: bob, secondTicket: peerTgt.ticket };
    const first = await getUserToUserCredential(cache, peer, realm);
    const again = await getUserToUserCredential(cache, peer, { ...realm, cachedOnly: true });
    expect(again.ticket).toEqual(first.ticket);
    const { credential: newer } = await realm.login({}, bob);
    const other = { server: bob, secondTicket: newer.ticket };
    const asking = getUserToUserCredential(cache, other, { ...realm, cachedOnly: true });
    await expect(asking).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
  });

  it('is none that could be presented to the peer’s own key', async () => {
    const { realm, cache, peerTgt } = await withPeer();
    await getUserToUserCredential(cache, { server: bob, secondTicket: peerTgt.ticket }, realm);
    const asking = getServiceCredential(cache, bob, { ...realm, cachedOnly: true });
    await expect(asking).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
  });

  it('is not to be had for another service than the ticket-granting ticket is of', async () => {
    const { realm, cache, peerTgt } = await withPeer();
    const asking = getUserToUserCredential(cache, { server: alice, secondTicket: peerTgt.ticket }, realm);
    await expect(asking).rejects.toMatchObject({ errorCode: 26 });
  });

  it('is not taken for another service, though the KDC says that it is the same', async () => {
    const cache = newCache();
    await cache.initialize({ principal: alice, credentials: [{ ...newTgt(session), client: alice }] });
    const sname = toPrincipalName(parsePrincipal('mallory@A.TEST'));
    const transport = scripted(tgsReply(session, { part: { sname } }));
    const peer = { server: bob, secondTicket: newTgt(session).ticket };
    const asking = getUserToUserCredential(cache, peer, { transport, now: () => NOW });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
    expect((await cache.load()).credentials).toHaveLength(1);
  });

  it('needs a ticket-granting ticket of the peer’s that has not expired', async () => {
    const { realm, peerCache } = await withPeer();
    realm.advance(25 * HOUR);
    await expect(findPeerTgt(peerCache, realm)).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
  });
});

describe('a forwarded ticket-granting ticket', () => {
  it('is another of the same client, for use from anywhere', async () => {
    const realm = createTestRealm();
    const { credential } = await realm.login({ forwardable: true, renewLifetime: 30 * HOUR });
    const forwarded = await forwardCredential(credential, realm);
    expect(forwarded.flags & (FORWARDED | FORWARDABLE | RENEWABLE)).toBe(FORWARDED | FORWARDABLE | RENEWABLE);
    expect([forwarded.client, forwarded.server].map(principal => formatPrincipal(principal))).toEqual([
      'alice@A.TEST',
      'krbtgt/A.TEST@A.TEST',
    ]);
    expect([forwarded.addresses, forwarded.endtime]).toEqual([[], credential.endtime]);
    expect(forwarded.key).not.toEqual(credential.key);
  });

  it('need not be forwardable, and may be bound to addresses', async () => {
    const realm = createTestRealm();
    const { credential } = await realm.login({ forwardable: true });
    const addresses = [{ addrType: 2, address: Uint8Array.of(10, 0, 0, 1) }];
    const forwarded = await forwardCredential(credential, { ...realm, forwardable: false, addresses });
    expect(forwarded.flags & (FORWARDED | FORWARDABLE)).toBe(FORWARDED);
    expect(forwarded.addresses).toEqual(addresses);
  });

  it('is not to be had of a ticket that is not forwardable', async () => {
    const realm = createTestRealm();
    const { credential } = await realm.login();
    await expect(forwardCredential(credential, realm)).rejects.toMatchObject({ errorCode: 13 });
  });

  it('is not taken for another service', async () => {
    const transport = scripted(tgsReply(session, { part: { sname: toPrincipalName(bob) } }));
    const tgt = { ...newTgt(session), client: alice };
    const asking = forwardCredential(tgt, { transport, now: () => NOW });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acceptApReq } from '../../src/ap/acceptor.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { createOpenedTickets } from '../../src/ap/opened-tickets.ts';
import { decrypt } from '../../src/crypto/key.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { KU_TICKET } from '../../src/messages/numbers.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { HOUR, keytab, later, makeCredential, NOW, serviceKey } from './made-up.ts';

const { ticket } = makeCredential();
const part = EncTicketPart.decode(decrypt(serviceKey, KU_TICKET, Ticket.decode(ticket).encPart.cipher));
const entry = keytab[0]!;

describe('tickets that were opened', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are known again by every octet, under the entry that opened them', () => {
    const tickets = createOpenedTickets();
    const cipher = randomBytes(1000);
    expect(tickets.find(cipher, entry)).toBeUndefined();
    tickets.keep(cipher, entry, part);
    expect(tickets.find(cipher.slice(), entry)).toBe(part);
    expect(tickets.find(cipher, { ...entry })).toBeUndefined();
    for (const at of [0, 500, 999]) {
      const other = cipher.slice();
      other[at]! ^= 1;
      expect(tickets.find(other, entry)).toBeUndefined();
    }
    expect(tickets.find(cipher.subarray(1), entry)).toBeUndefined();
  });

  it('are kept apart from the request that brought them', () => {
    const tickets = createOpenedTickets();
    const request = randomBytes(100);
    const cipher = request.slice();
    tickets.keep(request, entry, part);
    request.fill(0);
    expect(tickets.find(cipher, entry)).toBe(part);
  });

  it('give way to newer ones where there are too many', () => {
    const tickets = createOpenedTickets();
    const ciphers = Array.from({ length: 150 }, () => randomBytes(1 << 16));
    for (const cipher of ciphers) tickets.keep(cipher, entry, part);
    expect(tickets.find(ciphers[0]!, entry)).toBeUndefined();
    expect(tickets.find(ciphers[149]!, entry)).toBe(part);
    expect(ciphers.filter(cipher => tickets.find(cipher, entry)).length).toBe(117);
  });

  it('are forgotten when their time is up, each its own', () => {
    const tickets = createOpenedTickets({ lifetime: 60 });
    const [first, second] = [randomBytes(100), randomBytes(100)];
    tickets.keep(first, entry, part);
    vi.advanceTimersByTime(30_000);
    tickets.keep(second, entry, part);
    vi.advanceTimersByTime(29_999);
    expect(tickets.find(first, entry)).toBe(part);
    vi.advanceTimersByTime(1);
    expect(tickets.find(first, entry)).toBeUndefined();
    expect(tickets.find(second, entry)).toBe(part);
    vi.advanceTimersByTime(30_000);
    expect(tickets.find(second, entry)).toBeUndefined();
    // Nothing is left to be forgotten.
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a service that keeps opened tickets', () => {
  it('judges them anew each time', async () => {
    const credential = makeCredential();
    const openedTickets = createOpenedTickets();
    const accept = (at: Date, entries = keytab) =>
      acceptApReq(createApReq(credential, { now: () => at }).apReq, {
        keytab: entries,
        openedTickets,
        now: () => at,
      });
    const accepted = [await accept(NOW), await accept(NOW), await accept(NOW)];
    expect(accepted[2]!.ticket).toBe(accepted[0]!.ticket);
    expect(accepted[2]!.session.sessionKey).toBe(accepted[0]!.session.sessionKey);
    await expect(accept(later(HOUR + 301))).rejects.toMatchObject({ errorCode: 32 });
    await expect(accept(NOW, [])).rejects.toMatchObject({ errorCode: 35 });
    await expect(accept(NOW, [{ ...keytab[0]!, kvno: 9 }])).rejects.toMatchObject({ errorCode: 44 });
  });

  it('does so only if it is asked to', async () => {
    const credential = makeCredential();
    const accept = () => acceptApReq(createApReq(credential, { now }).apReq, { keytab, now });
    const [first, second] = [await accept(), await accept()];
    expect(second.ticket).not.toBe(first.ticket);
    expect(second.session.sessionKey).not.toBe(first.session.sessionKey);
  });
});

function now(): Date {
  return NOW;
}

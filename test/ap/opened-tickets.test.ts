import { describe, expect, it } from 'vitest';
import { acceptApReq } from '../../src/ap/acceptor.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { OpenedTickets } from '../../src/ap/opened-tickets.ts';
import { decrypt } from '../../src/crypto/key.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { KU_TICKET } from '../../src/messages/numbers.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { HOUR, keytab, later, makeCredential, NOW, serviceKey } from './made-up.ts';

const { ticket } = makeCredential();
const part = EncTicketPart.decode(decrypt(serviceKey, KU_TICKET, Ticket.decode(ticket).encPart.cipher));

describe('tickets that were opened', () => {
  it('are known again by every octet, from their second time on', () => {
    const tickets = new OpenedTickets();
    const cipher = randomBytes(1000);
    tickets.keep(cipher, part);
    expect(tickets.find(cipher)).toBeUndefined();
    tickets.keep(cipher, part);
    expect(tickets.find(cipher.slice())).toBe(part);
    for (const at of [0, 500, 999]) {
      const other = cipher.slice();
      other[at]! ^= 1;
      expect(tickets.find(other)).toBeUndefined();
    }
    expect(tickets.find(cipher.subarray(1))).toBeUndefined();
  });

  it('give way to newer ones where there are too many', () => {
    const tickets = new OpenedTickets();
    const ciphers = Array.from({ length: 150 }, () => randomBytes(1 << 16));
    for (const cipher of [...ciphers, ...ciphers]) tickets.keep(cipher, part);
    expect(tickets.find(ciphers[0]!)).toBeUndefined();
    expect(tickets.find(ciphers[149]!)).toBe(part);
    expect(ciphers.filter(cipher => tickets.find(cipher)).length).toBe(117);
  });

  it('are judged anew each time', async () => {
    const credential = makeCredential();
    const accept = (at: Date, entries = keytab) =>
      acceptApReq(createApReq(credential, { now: () => at }).apReq, { keytab: entries, now: () => at });
    for (let times = 0; times < 3; times++) await accept(NOW);
    await expect(accept(later(HOUR + 301))).rejects.toMatchObject({ errorCode: 32 });
    await expect(accept(NOW, [])).rejects.toMatchObject({ errorCode: 35 });
    await expect(accept(NOW, [{ ...keytab[0]!, kvno: 9 }])).rejects.toMatchObject({ errorCode: 44 });
  });
});

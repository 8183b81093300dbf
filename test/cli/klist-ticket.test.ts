import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesServer } from '../../src/cli/klist/ticket.ts';
import { type Principal, parsePrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';

const server = parsePrincipal('HTTP/www.a.test@A.TEST');

function ticketFor(principal: Principal, cipher = new Uint8Array(1000)): Uint8Array {
  const encPart = { etype: 18, kvno: 300, cipher };
  return Ticket.encode({ realm: principal.realm, sname: toPrincipalName(principal), encPart });
}

describe('a ticket', () => {
  it('names its server, whatever the type of the name and the length of the ticket', () => {
    for (const length of [0, 1, 100, 250, 1000, 100_000]) {
      const ticket = ticketFor({ ...server, nameType: 3 }, new Uint8Array(length));
      expect(namesServer(ticket, server)).toBe(true);
    }
  });

  it('names its server or is decoded, however long the names', () => {
    for (let length = 1; length < 300; length++) {
      for (const text of [`HTTP/${'x'.repeat(length)}@A`, `a/b@${'R'.repeat(length)}`]) {
        const named = namesServer(ticketFor(parsePrincipal(text)), parsePrincipal(text));
        if (length < 100) expect(named).toBe(true);
        if (length >= 128) expect(named).toBe(false);
      }
    }
  });

  it.each([
    'HTTP/www.a.test@B.TEST',
    'HTTP/www.b.test@A.TEST',
    'HTTP/www.a.test/more@A.TEST',
    'HTTP@A.TEST',
    'HTTP/www.a.tes@A.TEST',
    'HTTP/www.a.test2@A.TEST',
  ])('does not name %s', name => {
    expect(namesServer(ticketFor(server), parsePrincipal(name))).toBe(false);
    expect(namesServer(ticketFor(parsePrincipal(name)), server)).toBe(false);
  });

  it('is decoded where its server is not ASCII', () => {
    const other = parsePrincipal('HTTP/wéb@A.TEST');
    expect(namesServer(ticketFor(other), other)).toBe(false);
  });

  it('may be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(80), (junk, at) => {
        const ticket = ticketFor(server);
        ticket.set(junk, at);
        expect([true, false]).toContain(namesServer(ticket, server));
        expect(namesServer(junk, server)).toBe(false);
      }),
    );
  });
});

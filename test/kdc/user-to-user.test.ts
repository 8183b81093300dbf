import { describe, expect, it } from 'vitest';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_ETYPE_NOSUPP,
  KDC_ERR_POLICY,
  KDC_ERR_SERVER_NOMATCH,
  KDC_ERR_TGT_REVOKED,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
} from '../../src/messages/error-codes.ts';
import { ENC_TKT_IN_SKEY, INVALID } from '../../src/messages/flags.ts';
import { toKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import {
  addPrincipal,
  createLab,
  forgedTicket,
  fromNow,
  type Granted,
  grantedByTgs,
  type Lab,
  nameOf,
  principal,
  refusalOf,
  tgsRequest,
  tgtOf,
} from './support.ts';

/** Alice and Bob with their ticket-granting tickets; Bob serves without a key of his own at hand. */
function lab(policy = {}): { lab: Lab; alice: Granted; bob: Granted } {
  const made = createLab();
  addPrincipal(made, 'bob', policy);
  return { lab: made, alice: tgtOf(made), bob: tgtOf(made, { cname: nameOf('bob') }) };
}

const kdcOptions = ENC_TKT_IN_SKEY;
const sname = nameOf('bob');

describe('a user-to-user ticket', () => {
  it("is sealed in the session key of the other user's ticket-granting ticket", () => {
    const { lab: made, alice, bob } = lab({ disallowServer: true });
    const serviceKey = toKey(bob.part.key);
    const asked = { kdcOptions, sname, additionalTickets: [bob.ticketBytes] };
    const { part, ticket, ticketBytes } = grantedByTgs(made, alice, asked, { serviceKey });
    expect(part.sname).toEqual(sname);
    expect(ticket.cname).toEqual(nameOf('alice'));
    expect(Ticket.decode(ticketBytes).encPart).toMatchObject({ etype: serviceKey.etype });
    expect(Ticket.decode(ticketBytes).encPart.kvno).toBeUndefined();
  });

  it('need not name the other user', () => {
    const { lab: made, alice, bob } = lab();
    const asked = { kdcOptions, sname: undefined, additionalTickets: [bob.ticketBytes] };
    expect(grantedByTgs(made, alice, asked, { serviceKey: toKey(bob.part.key) }).part.sname).toEqual(sname);
  });

  it.each<[string, (made: Lab, bob: Granted) => readonly Uint8Array[] | undefined, number]>([
    ['without a second ticket', () => undefined, KDC_ERR_BADOPTION],
    ['with a service ticket', (made, bob) => [grantedByTgs(made, bob).ticketBytes], KDC_ERR_POLICY],
    [
      'with an expired ticket',
      (made, bob) => [forgedTicket(made, bob, { endtime: made.now() })],
      KRB_AP_ERR_TKT_EXPIRED,
    ],
    [
      'with an early ticket',
      (made, bob) => [forgedTicket(made, bob, { starttime: fromNow(made, 999) })],
      KRB_AP_ERR_TKT_NYV,
    ],
    [
      'with a ticket not validated',
      (made, bob) => [forgedTicket(made, bob, { flags: INVALID })],
      KRB_AP_ERR_TKT_NYV,
    ],
    ["with somebody else's ticket", made => [tgtOf(made).ticketBytes], KDC_ERR_SERVER_NOMATCH],
  ])('is refused %s', (_, second, code) => {
    const { lab: made, alice, bob } = lab();
    const request = tgsRequest(made, alice, { kdcOptions, sname, additionalTickets: second(made, bob) });
    expect(refusalOf(made, request).errorCode).toBe(code);
  });

  it('is refused with the ticket of who had the name before', () => {
    const { lab: made, bob } = lab();
    made.advance(60);
    made.database.remove(principal('bob'));
    addPrincipal(made, 'bob');
    const asked = { kdcOptions, sname, additionalTickets: [bob.ticketBytes] };
    expect(refusalOf(made, tgsRequest(made, tgtOf(made), asked)).errorCode).toBe(KDC_ERR_TGT_REVOKED);
  });

  it('is refused where its key is of no use to the client, or the other may not have such tickets', () => {
    const { lab: made, alice, bob } = lab({ disallowUserToUser: true });
    const asked = { kdcOptions, sname, additionalTickets: [bob.ticketBytes] };
    expect(refusalOf(made, tgsRequest(made, alice, { ...asked, etype: [17] })).errorCode).toBe(
      KDC_ERR_ETYPE_NOSUPP,
    );
    expect(refusalOf(made, tgsRequest(made, alice, asked)).errorCode).toBe(KDC_ERR_POLICY);
  });
});

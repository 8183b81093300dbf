import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { AsRep, TgsRep } from '../../src/messages/kdc-rep.ts';
import { PA_ENC_TIMESTAMP, PA_ETYPE_INFO2 } from '../../src/messages/numbers.ts';
import { EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import { tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { later, padataOf, preauthRequired, refusal } from '../support/scripted-kdc.ts';
import { type Exchange, exchanges, type Lie, type Spoil, targetOf } from './hostile-exchanges.ts';

const mallory = { nameType: 1, nameString: ['mallory'] };
const other = { nameType: 2, nameString: ['host', 'other'] };
const tgsOfC = toPrincipalName(tgsPrincipal('C.TEST'));
const REFUSED = /^(REPLY_MODIFIED|PREAUTH_FAILED|INTEGRITY)$/;

type LieRow = readonly [what: string, lie: Lie, code: RegExp, applies?: (exchange: Exchange) => boolean];

/** What replies must not say, and how that is refused. */
const lies: readonly LieRow[] = [
  ['another nonce', body => ({ part: { nonce: body.nonce ^ 1 } }), /^REPLY_MODIFIED$/],
  ['another client', { rep: { cname: mallory } }, /^REPLY_MODIFIED$/],
  ['another realm of the client', { rep: { crealm: 'C.TEST' } }, /^REPLY_MODIFIED$/],
  ['another server', { part: { sname: other } }, /^REPLY_MODIFIED$/, ({ aliases }) => aliases !== true],
  [
    'another server in its sealed part',
    body => ({ part: { sname: other }, ticket: { sname: body.sname! } }),
    /^REPLY_MODIFIED$/,
  ],
  ['a ticket for another server', { ticket: { sname: other } }, /^REPLY_MODIFIED$/],
  ['a ticket of another realm', { ticket: { realm: 'C.TEST' } }, /^REPLY_MODIFIED$/],
  ['another realm of the server', { part: { srealm: 'C.TEST' } }, /^REPLY_MODIFIED$/],
  [
    'the ticket-granting service of a third realm',
    { part: { sname: tgsOfC, srealm: 'C.TEST' } },
    /^REPLY_MODIFIED$/,
  ],
  [
    'a later end',
    body => ({ part: { endtime: new Date(body.till.getTime() + 1000) } }),
    /^REPLY_MODIFIED$/,
    ({ openEnd }) => openEnd !== true,
  ],
  [
    'a session key of an enctype that was not asked for',
    { part: { key: toEncryptionKey(randomKey(23)) } },
    /^REPLY_MODIFIED$/,
  ],
  ['a seal of somebody else', { key: randomKey(18) }, REFUSED],
  ['a seal for another use', { usage: 99 }, REFUSED],
  [
    'a seal of an enctype that was not asked for',
    { key: randomKey(23) },
    /^(REPLY_MODIFIED|ENCTYPE_UNSUPPORTED)$/,
  ],
];

/** What somebody on the way, who has no key, may make of a reply. */
const spoils: readonly (readonly [string, Spoil])[] = [
  ['nothing', () => new Uint8Array(0)],
  ['the request', (_, request) => request],
  ['a byte too many', honest => Buffer.concat([honest(), Uint8Array.of(0)])],
  ['a megabyte too many', honest => Buffer.concat([honest(), new Uint8Array(1 << 20)])],
  ['itself twice', honest => Buffer.concat([honest(), honest()])],
  ['the reply to a request of another kind', honest => retagged(honest())],
  ['a KRB-ERROR of nothing', () => Uint8Array.of(0x7e, 0)],
  ['a length without end', () => Uint8Array.of(0x6b, 0x80, 0x30, 0x80, 0, 0, 0, 0)],
  ['a length of 4 GiB', () => Uint8Array.of(0x6d, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30)],
  ['nested without end', () => Buffer.alloc(4000, Uint8Array.of(0x30, 0x80))],
];

/** Errors that anybody may forge. */
const ERRORS = [6, 7, 14, 18, 23, 24, 25, 31, 32, 37, 41, 52, 60, 68, 90, 91, 93, 0, 0x7fffffff];

describe.each(named())('%s', (_, exchange) => {
  it('brings a ticket that is kept, if nobody meddles', async () => {
    const target = await targetOf(exchange);
    const { outcome, stored } = await target.attempt();
    expect(outcome).toMatchObject({ ticket: expect.any(Uint8Array) });
    expect(stored).toBe(true);
  });

  const applying = lies.filter(([, , , applies = () => true]) => applies(exchange));
  it.each(applying.map(([what, lie, code]) => [what, lie, code] as const))(
    'refuses %s and keeps nothing',
    async (_, lie, code) => {
      const { outcome, stored } = await (await targetOf(exchange)).attempt({ lie });
      expect(outcome).toMatchObject({ code: expect.stringMatching(code) });
      expect(stored).toBe(false);
    },
  );

  it.each(spoils)('refuses a reply made into %s and keeps nothing', async (_, spoil) => {
    const { outcome, stored } = await (await targetOf(exchange)).attempt({ spoil });
    expect(outcome).toMatchObject({ code: 'CODEC' });
    expect(stored).toBe(false);
  });

  it('refuses a reply cut at any byte and keeps nothing', async () => {
    const target = await targetOf(exchange);
    let whole = 2;
    for (let length = 1; length < whole; length++) {
      const spoil: Spoil = honest => {
        const reply = honest();
        whole = reply.length;
        // A small nonce makes a reply shorter.
        return reply.subarray(0, Math.min(length, whole - 1));
      };
      const { outcome, stored } = await target.attempt({ spoil });
      expect(outcome, `${length} bytes`).toBeInstanceOf(KerberosError);
      expect(stored, `${length} bytes`).toBe(false);
    }
    expect(whole).toBeGreaterThan(300);
  });

  it('is not led astray by a change of one byte in three', async () => {
    const target = await targetOf(exchange);
    const lie = { part: { key: toEncryptionKey(randomKey(18)) } };
    const honest = facts((await target.attempt({ lie })).outcome as Credential);
    const step = 3;
    let length = step;
    let refused = 0;
    for (let at = Math.floor(Math.random() * step); at < length; at += step) {
      const spoil: Spoil = made => {
        const reply = Uint8Array.from(made());
        length = reply.length;
        reply[at]! ^= 1 << (at % 8);
        return reply;
      };
      const { outcome, stored } = await target.attempt({ lie, spoil });
      if (outcome instanceof KerberosError) {
        refused++;
        expect(stored, `byte ${at}`).toBe(false);
      } else expect(facts(outcome as Credential), `byte ${at}`).toEqual(honest);
    }
    expect(refused).toBeGreaterThan(length / step / 2);
  });

  it('refuses the reply to an earlier request and keeps nothing', async () => {
    const target = await targetOf(exchange);
    let earlier = new Uint8Array(0);
    const keeping: Spoil = honest => {
      earlier = Uint8Array.from(honest());
      return Uint8Array.of(0);
    };
    await target.attempt({ spoil: keeping });
    const { outcome, stored } = await target.attempt({ spoil: () => earlier });
    expect(outcome).toMatchObject({ code: expect.stringMatching(REFUSED) });
    expect(stored).toBe(false);
  });

  it.each(ERRORS)('ends with a forged error %i after few requests and keeps nothing', async errorCode => {
    const spoil: Spoil = (_, request, realm) =>
      refusal(errorCode, { crealm: 'C.TEST', cname: mallory, stime: later(7200) })(request, realm);
    const { outcome, stored, requests } = await (await targetOf(exchange)).attempt({ spoil });
    expect(outcome).toBeInstanceOf(KerberosError);
    expect(stored).toBe(false);
    expect(requests.length).toBeLessThan(6);
  });
});

describe.each(named(({ kind }) => kind === 'AS'))('%s', (_, exchange) => {
  it('says nothing weaker where somebody asks for that, and keeps nothing', async () => {
    const info = [{ etype: 23, salt: undefined, s2kparams: undefined }];
    const offers = [
      { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) },
      { padataType: PA_ETYPE_INFO2, padataValue: EtypeInfo2.encode(info) },
    ];
    const asking: Spoil = (_, request, realm) => preauthRequired(offers)(request, realm);
    const { outcome, stored, requests } = await (await targetOf(exchange)).attempt({ spoil: asking });
    expect(outcome).toBeInstanceOf(KerberosError);
    expect(stored).toBe(false);
    const said = requests.slice(exchange.answers({}).length).flatMap(padataOf);
    expect(said.map(({ padataType }) => padataType)).not.toContain(PA_ENC_TIMESTAMP);
  });
});

describe.each(named(({ armor }) => armor !== undefined))('%s', (_, exchange) => {
  const type = exchange.kind === 'AS' ? AsRep : TgsRep;
  const code = exchange.armor === 'explicit' ? 'FAST_REQUIRED' : 'INTEGRITY';

  it('refuses a reply without its armor and keeps nothing', async () => {
    const spoil: Spoil = honest => type.encode({ ...type.decode(honest()), padata: undefined });
    const { outcome, stored } = await (await targetOf(exchange)).attempt({ spoil });
    expect(outcome).toMatchObject({ code });
    expect(stored).toBe(false);
  });

  it('refuses another ticket of the same name and keeps nothing', async () => {
    const spoil: Spoil = honest => {
      const reply = type.decode(honest());
      const ticket = Ticket.decode(reply.ticket);
      const encPart = { ...ticket.encPart, cipher: new Uint8Array(41) };
      return type.encode({ ...reply, ticket: Ticket.encode({ ...ticket, encPart }) });
    };
    const { outcome, stored } = await (await targetOf(exchange)).attempt({ spoil });
    expect(outcome).toMatchObject({ code: 'REPLY_MODIFIED' });
    expect(stored).toBe(false);
  });
});

function named(chosen: (exchange: Exchange) => boolean = () => true) {
  return exchanges.filter(chosen).map(exchange => [exchange.name, exchange] as const);
}

function retagged(reply: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(reply);
  copy[0] = reply[0] === AsRep.tags[0] ? TgsRep.tags[0]! : AsRep.tags[0]!;
  return copy;
}

/** What a client goes by; the sealed part of the ticket and name types are not among it. */
function facts({ client, server, key, authtime, starttime, endtime, renewTill, flags }: Credential) {
  const names = [client, server].map(({ components, realm }) => [...components, realm]);
  return { names, key, authtime, starttime, endtime, renewTill, flags };
}

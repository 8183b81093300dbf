import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AcceptOptions, acceptApReq } from '../../src/ap/acceptor.ts';
import { ApError } from '../../src/ap/ap-error.ts';
import { type ApReqOptions, createApReq } from '../../src/ap/initiator.ts';
import { createOpenedTickets } from '../../src/ap/opened-tickets.ts';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { protocolKey } from '../../src/ap/session.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { ApRep, ApReq, Authenticator } from '../../src/messages/ap.ts';
import { errorName } from '../../src/messages/error-codes.ts';
import { INVALID, TRANSITED_POLICY_CHECKED } from '../../src/messages/flags.ts';
import { hostAddress } from '../../src/messages/host-address.ts';
import { AsReq } from '../../src/messages/kdc-req.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { KU_AP_REQ_AUTHENTICATOR } from '../../src/messages/numbers.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { seal, toEncryptionKey, toKey } from '../../src/messages/seal.ts';
import { alice, HOUR, keytab, later, type MadeUp, makeCredential, NOW, sample } from './made-up.ts';

const now = () => NOW;
const address = hostAddress('127.0.0.1')!;

describe('a request that is as it should be', () => {
  it('tells who the client is and until when', async () => {
    const { session } = await acceptApReq(createApReq(makeCredential(), { now }).apReq, { keytab, now });
    expect(session).toMatchObject({ client: alice, server: sample, mutual: false });
    expect(session.endtime.getTime()).toBe(Math.floor(later(HOUR).getTime() / 1000) * 1000);
  });

  it('leaves both sides with the same keys and sequence numbers', async () => {
    const request = createApReq(makeCredential(), { now, mutual: true, subkey: true, sequenceNumber: true });
    const accepted = await acceptApReq(request.apReq, { keytab, now, subkey: true, sequenceNumber: true });
    const ours = request.verify(accepted.reply());
    const theirs = accepted.session;
    expect(ours).toMatchObject({
      mutual: true,
      initiatorSequence: theirs.initiatorSequence,
      acceptorSequence: theirs.acceptorSequence,
    });
    expect(ours.acceptorSubkey?.bytes).toEqual(theirs.acceptorSubkey?.bytes);
    expect(theirs.initiatorSubkey?.bytes).toEqual(ours.initiatorSubkey?.bytes);
    expect(protocolKey(theirs)).toBe(theirs.acceptorSubkey);
    expect(theirs.sessionKey.bytes).toEqual(ours.sessionKey.bytes);
  });

  it.each([17, 18, 19, 20, 25, 26])('may have a session key of enctype %i', async sessionEtype => {
    const request = createApReq(makeCredential({ sessionEtype }), { now, mutual: true });
    const accepted = await acceptApReq(request.apReq, { keytab, now });
    expect(request.verify(accepted.reply()).mutual).toBe(true);
  });

  it('gets no AP-REP that it did not ask for', async () => {
    const { apReq } = createApReq(makeCredential(), { now });
    const accepted = await acceptApReq(apReq, { keytab, now, subkey: true });
    expect(() => accepted.reply()).toThrow(TypeError);
  });

  it('may come for a service by its first name', async () => {
    const { apReq } = createApReq(makeCredential(), { now });
    expect((await acceptApReq(apReq, { keytab, now, server: { service: 'sample' } })).session.server).toEqual(
      sample,
    );
  });

  it('may be sealed in the session key of the service’s own ticket', async () => {
    const key = randomKey(18);
    const credential = { ...makeCredential({ key, kvno: undefined }), isSkey: true };
    const { apReq } = createApReq(credential, { now });
    const tgt = { client: sample, key: toEncryptionKey(key) };
    const { session } = await acceptApReq(apReq, { keytab: [], tgt, now });
    expect(session).toMatchObject({ client: alice, server: sample });
  });

  it('need not name the version of the key, and may name more than an old keytab keeps of it', async () => {
    const old = [{ ...keytab[0]!, kvno: 3 }];
    for (const kvno of [undefined, 0, 259]) {
      const { apReq } = createApReq(makeCredential({ kvno }), { now });
      expect((await acceptApReq(apReq, { keytab: old, now })).session.client).toEqual(alice);
    }
  });

  it('carries a checksum that is handed on, and is checked where the data is known', async () => {
    const data = Buffer.from('localhost');
    const { apReq } = createApReq(makeCredential(), { now, checksum: { data } });
    expect((await acceptApReq(apReq, { keytab, now, checksumData: data })).checksum?.cksumtype).toBe(16);
    const gss = { cksumtype: 0x8003, checksum: new Uint8Array(24) };
    const second = createApReq(makeCredential(), { now, checksum: gss });
    expect((await acceptApReq(second.apReq, { keytab, now })).checksum).toEqual(gss);
  });
});

interface Refusal {
  readonly made?: MadeUp;
  readonly asked?: ApReqOptions;
  readonly accept?: Partial<AcceptOptions>;
}

const refusals: Readonly<Record<string, readonly [number, Refusal]>> = {
  'a ticket for another service than is served here': [
    35,
    { accept: { server: parsePrincipal('host/localhost@A.TEST') } },
  ],
  'a ticket for another first name': [35, { accept: { server: { service: 'host' } } }],
  'a ticket for another host': [35, { accept: { server: { service: 'sample', host: 'elsewhere' } } }],
  'a ticket for a principal that has no keys here': [
    35,
    { made: { server: parsePrincipal('sample/localhost@B.TEST') } },
  ],
  'a key version that the keytab has not': [44, { made: { kvno: 2 } }],
  'an enctype that the keytab has not': [45, { made: { key: randomKey(17) } }],
  'a ticket sealed in another key': [31, { made: { key: randomKey(18) } }],
  'a user-to-user ticket where there is no session key': [45, { made: {}, asked: {} }],
  'an authenticator of another client': [36, { made: { client: parsePrincipal('bob@A.TEST') } }],
  'an authenticator of the same name in another realm': [
    36,
    { made: { client: parsePrincipal('alice@B.TEST') } },
  ],
  'a ticket bound to another address': [
    38,
    { made: { part: { caddr: [hostAddress('10.0.0.1')!, hostAddress('::1')!] } }, accept: { address } },
  ],
  'a clock that is slow by more than the skew': [37, { asked: { now: () => later(-300.002) } }],
  'a clock that is fast by more than the skew': [37, { asked: { now: () => later(300.002) } }],
  'a ticket that begins after the skew': [33, { made: { part: { starttime: later(301) } } }],
  'a ticket that is not valid yet': [33, { made: { part: { flags: INVALID } } }],
  'a ticket that ended a second before the skew': [32, { made: { part: { endtime: later(-302) } } }],
  'a way through realms that no KDC has judged': [
    51,
    {
      made: {
        client: parsePrincipal('alice@C.TEST'),
        part: { crealm: 'C.TEST', transited: { trType: 1, contents: Buffer.from('B.TEST') } },
      },
    },
  ],
  'no checksum where one is needed': [50, { accept: { checksumData: Buffer.from('x') } }],
  'a checksum without a key': [
    50,
    {
      asked: { checksum: { cksumtype: 7, checksum: new Uint8Array(16) } },
      accept: { checksumData: Buffer.from('x') },
    },
  ],
  'a checksum over something else': [
    41,
    { asked: { checksum: { data: Buffer.from('y') } }, accept: { checksumData: Buffer.from('x') } },
  ],
  'a ticket of an enctype that is not permitted': [14, { accept: { permittedEnctypes: [17, 20] } }],
  'a session key of RC4, unless it is permitted': [14, { made: { sessionEtype: 23 } }],
};

describe('a request is refused for', () => {
  it.each(Object.entries(refusals))('%s', async (what, [errorCode, { made, asked, accept }]) => {
    const credential = { ...makeCredential(made), isSkey: what.startsWith('a user-to-user') };
    const { apReq } = createApReq(credential, { now, ...asked });
    expect(await refusalOf(apReq, accept)).toMatchObject({ code: 'AP_REFUSED', errorCode });
  });

  it.each([
    ['a message of another kind', (der: Buffer) => Buffer.concat([Buffer.of(0x6a), der.subarray(1)]), 40],
    ['another message type', (der: Buffer) => replace(der, 'a10302010e', 'a10302010c'), 40],
    ['another version of the protocol', (der: Buffer) => replace(der, 'a003020105', 'a003020104'), 39],
    ['bytes left over', (der: Buffer) => Buffer.concat([der, Buffer.of(0)]), 60],
    ['nothing at all', () => Buffer.alloc(0), 40],
  ])('%s', async (_, change, errorCode) => {
    const { apReq } = createApReq(makeCredential(), { now });
    expect(await refusalOf(change(Buffer.from(apReq)))).toMatchObject({ code: 'AP_REFUSED', errorCode });
  });

  it('another version of the ticket', async () => {
    const credential = makeCredential();
    const ticket = replace(Buffer.from(credential.ticket), 'a003020105', 'a003020104');
    expect((await refusalOf(createApReq({ ...credential, ticket }, { now }).apReq)).errorCode).toBe(39);
  });

  it('a subkey of an enctype that is not permitted', async () => {
    const credential = makeCredential();
    const authenticator = seal(
      Authenticator,
      {
        crealm: 'A.TEST',
        cname: { nameType: 1, nameString: ['alice'] },
        cusec: 0,
        ctime: NOW,
        subkey: toEncryptionKey(randomKey(23)),
      },
      toKey(credential.key),
      KU_AP_REQ_AUTHENTICATOR,
    );
    const apReq = ApReq.encode({ apOptions: 0, ticket: credential.ticket, authenticator });
    expect(await refusalOf(apReq)).toMatchObject({
      errorCode: 14,
      message: expect.stringContaining('(arcfour-hmac is not permitted)'),
    });
  });

  it('having been used before', async () => {
    const replayCache = createMemoryReplayCache();
    const { apReq } = createApReq(makeCredential(), { now });
    await acceptApReq(apReq, { keytab, now, replayCache });
    expect((await refusalOf(apReq, { replayCache })).errorCode).toBe(34);
  });

  it('an AS-REQ in its place', async () => {
    expect((await refusalOf(Uint8Array.of(AsReq.tags[0]!, 0))).errorCode).toBe(40);
  });
});

describe('a ticket for another name of the account that has the keys', () => {
  const alias = parsePrincipal('sample/alias@A.TEST');
  const ask = (made: MadeUp = {}) => createApReq(makeCredential({ server: alias, ...made }), { now }).apReq;
  const other = { principal: parsePrincipal('host/localhost@A.TEST'), key: toEncryptionKey(randomKey(18)) };
  const mixed = [{ ...keytab[0]!, ...other }, ...keytab];

  it('is refused unless aliases are accepted', async () => {
    const refusal = await refusalOf(ask());
    expect([refusal.errorCode, refusal.detail]).toEqual([35, 'no key for sample/alias@A.TEST']);
  });

  it.each([
    ['any service', undefined],
    ['its name in the keytab', sample],
    ['that name in part', { service: 'sample', host: 'localhost' }],
  ])('is opened by the key of that account where %s is accepted', async (_, server) => {
    const openedTickets = createOpenedTickets();
    for (const kvno of [3, 9]) {
      const options = { keytab: mixed, now, server, openedTickets, acceptAliases: true };
      const { session, credential } = await acceptApReq(ask({ kvno }), options);
      expect([session.server, credential.server]).toEqual([sample, sample]);
    }
  });

  it.each<[string, MadeUp, Partial<AcceptOptions>, string]>([
    ['no key opens it', { key: randomKey(18) }, {}, 'no key for sample/alias@A.TEST'],
    ['no key has its enctype', { key: randomKey(17) }, {}, 'no key for sample/alias@A.TEST'],
    [
      'it is of another realm',
      { server: parsePrincipal('sample/alias@B.TEST') },
      {},
      'no key for sample/alias@B.TEST',
    ],
    ['another service is accepted', {}, { server: other.principal }, 'the ticket is for sample/alias@A.TEST'],
  ])('is refused where %s', async (_, made, accept, detail) => {
    const refusal = await refusalOf(ask(made), { keytab: mixed, acceptAliases: true, ...accept });
    expect([refusal.errorCode, refusal.detail]).toEqual([35, detail]);
  });

  it('does not hide what is wrong with the keys of a name that has some', async () => {
    const options = { keytab: mixed, acceptAliases: true };
    expect((await refusalOf(ask({ server: other.principal }), options)).errorCode).toBe(31);
    const versioned = ask({ server: other.principal, kvno: 9 });
    expect((await refusalOf(versioned, options)).errorCode).toBe(44);
  });

  it('is opened by a key that has another version in the keytab', async () => {
    const options = { keytab: mixed, now, acceptAliases: true };
    const { session } = await acceptApReq(ask({ server: sample, kvno: 9 }), options);
    expect(session.server).toEqual(sample);
  });
});

describe('a user-to-user ticket, whatever name is on it', () => {
  const key = randomKey(18);
  const tgt = { client: sample, key: toEncryptionKey(key) };
  const elsewhere = parsePrincipal('HTTP/elsewhere@C.TEST');
  const ask = (made: MadeUp = {}, asked: ApReqOptions = {}) => {
    const credential = makeCredential({ key, kvno: undefined, server: elsewhere, ...made });
    return createApReq({ ...credential, isSkey: true }, { now, ...asked }).apReq;
  };

  it('is for whose ticket-granting ticket has its key', async () => {
    const { session, credential } = await acceptApReq(ask(), { keytab: [], tgt, now, server: sample });
    expect(session.server).toEqual(sample);
    expect(credential.server).toEqual(sample);
  });

  it('is refused by another service', async () => {
    expect((await refusalOf(ask(), { tgt, server: elsewhere })).errorCode).toBe(35);
    expect((await refusalOf(ask(), { tgt, server: { service: 'HTTP' } })).errorCode).toBe(35);
  });

  it('is refused after a way through realms that our KDC has not judged', async () => {
    const client = parsePrincipal('alice@C.TEST');
    const transited = { trType: 1, contents: Buffer.from('B.TEST') };
    const apReq = ask({ client, part: { crealm: 'C.TEST', transited } });
    expect((await refusalOf(apReq, { tgt })).errorCode).toBe(51);
  });
});

describe('the last leg of three', () => {
  it('is not our own AP-REP sent back, but the client’s', async () => {
    const request = createApReq(makeCredential(), { now, mutual: true });
    const accepted = await acceptApReq(request.apReq, { keytab, now, sequenceNumber: true });
    const reply = accepted.reply();
    const { encPart } = ApRep.decode(reply);
    const relabelled = ApRep.encode({ encPart: { ...encPart, kvno: 1 } });
    for (const reflected of [reply, relabelled, accepted.reply()]) {
      expect(() => accepted.verifyThird(reflected)).toThrow(
        expect.objectContaining({ code: 'MUTUAL_FAILED' }),
      );
    }
    accepted.verifyThird(request.third(request.verify(reply)));
  });
});

describe('a request is accepted at the limit of', () => {
  it.each<[string, MadeUp, ApReqOptions]>([
    ['a slow clock', {}, { now: () => later(-299.999) }],
    ['a fast clock', {}, { now: () => later(299.999) }],
    ['a ticket that has just not begun', { part: { starttime: later(300) } }, {}],
    ['a ticket that has just ended', { part: { endtime: later(-299) } }, {}],
  ])('%s', async (_, made, asked) => {
    const { apReq } = createApReq(makeCredential(made), { now, ...asked });
    expect((await acceptApReq(apReq, { keytab, now })).session.client).toEqual(alice);
  });

  it('its addresses', async () => {
    const bound = { part: { caddr: [hostAddress('10.0.0.1')!, address] } };
    const accept = (from?: string): Promise<unknown> =>
      acceptApReq(createApReq(makeCredential(bound), { now }).apReq, {
        keytab,
        now,
        address: from === undefined ? undefined : hostAddress(from),
      });
    await accept('127.0.0.1');
    await accept('::ffff:127.0.0.1');
    await accept();
    await expect(accept('127.0.0.2')).rejects.toThrow('Incorrect net address');
  });

  it('realms, where they are next to each other or the KDC has judged the way', async () => {
    const client = parsePrincipal('alice@C.TEST');
    const contents = Buffer.from('B.TEST');
    for (const part of [
      { crealm: 'C.TEST' },
      { crealm: 'C.TEST', flags: TRANSITED_POLICY_CHECKED, transited: { trType: 1, contents } },
    ]) {
      const { apReq } = createApReq(makeCredential({ client, part }), { now });
      expect((await acceptApReq(apReq, { keytab, now })).session.client).toEqual(client);
    }
  });
});

describe('hostile bytes', () => {
  it('any flipped bit makes a refusal', async () => {
    const { apReq } = createApReq(makeCredential(), {
      now,
      mutual: true,
      checksum: { data: Buffer.from('x') },
    });
    const harmless: number[] = [];
    for (let at = 0; at < apReq.length; at++) {
      for (const bit of [0x01, 0x10, 0x80]) {
        const bytes = Uint8Array.from(apReq);
        bytes[at]! ^= bit;
        try {
          await acceptApReq(bytes, { keytab, now });
          harmless.push(at);
        } catch (error) {
          expect(error).toBeInstanceOf(ApError);
        }
      }
    }
    // what is outside of both sealed parts and names nothing: the options and the name type
    expect(harmless.length).toBeLessThan(30);
  });

  it('junk makes a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (junk, headed) => {
        const bytes = headed ? Uint8Array.from([0x6e, junk.length & 0x7f, ...junk]) : junk;
        await expect(acceptApReq(bytes, { keytab, now })).rejects.toBeInstanceOf(ApError);
      }),
    );
  });
});

describe('a refusal', () => {
  it('can be sent as KRB-ERROR, without what only our side should know', async () => {
    const error = await refusalOf(createApReq(makeCredential({ kvno: 2 }), { now }).apReq);
    expect(error.message).toContain('version 2');
    const sent = KrbError.decode(error.toKrbError(sample, NOW));
    expect(sent).toMatchObject({
      errorCode: 44,
      realm: 'A.TEST',
      sname: { nameType: 1, nameString: ['sample', 'localhost'] },
      susec: 250_000,
      eText: errorName(44),
    });
  });
});

async function refusalOf(apReq: Uint8Array, options: Partial<AcceptOptions> = {}): Promise<ApError> {
  try {
    await acceptApReq(apReq, { keytab, now, ...options });
  } catch (error) {
    if (error instanceof ApError) return error;
    throw error;
  }
  throw new Error('accepted');
}

function replace(der: Buffer, from: string, to: string): Buffer {
  const at = der.indexOf(Buffer.from(from, 'hex'));
  const changed = Buffer.from(der);
  changed.set(Buffer.from(to, 'hex'), at);
  return changed;
}

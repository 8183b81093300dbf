import { describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { type AcceptorOptions, createAcceptor } from '../../src/gss/acceptor.ts';
import type { ContextFlags } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator, type InitiatorOptions } from '../../src/gss/initiator.ts';
import { KRB5 } from '../../src/gss/oids.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { anonymousPrincipal } from '../../src/messages/anonymous.ts';
import { hostAddress } from '../../src/messages/host-address.ts';
import { NT_WELLKNOWN } from '../../src/messages/numbers.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { alice, HOUR, keytab, later, makeCredential, NOW, sample } from '../ap/made-up.ts';
import { ETYPES, establish, now, type Played, play } from './support.ts';

const text = Buffer.from('Ein Männlein steht im Walde');

/** What the acceptor says to a token. */
async function refusal(token: Uint8Array, accept: Partial<AcceptorOptions> = {}): Promise<GssError> {
  const failure = await createAcceptor({ keytab, now, ...accept })
    .step(token)
    .catch(error => error);
  expect(failure).toBeInstanceOf(GssError);
  return failure;
}

async function firstToken(asked: InitiatorOptions = {}, made?: Played['credential']): Promise<Uint8Array> {
  return (await createInitiator(makeCredential(made), { now, ...asked }).step())!;
}

describe('a context', () => {
  it.each(ETYPES)('serves messages both ways, with a session key of enctype %i', async sessionEtype => {
    for (const flags of [{ mutual: true }, { mutual: false }, { dceStyle: true }]) {
      const { initiator, acceptor } = await play({ asked: { flags }, credential: { sessionEtype } });
      for (const [from, to] of [
        [initiator, acceptor],
        [acceptor, initiator],
      ] as const) {
        for (const seal of [true, false]) {
          const { message, sealed } = to.unwrap(from.wrap(text, { seal }));
          expect(sealed).toBe(seal);
          expect(Buffer.from(message)).toEqual(text);
        }
        to.verifyMic(text, from.mic(text));
      }
      expect(initiator.prf(text, 40)).toEqual(acceptor.prf(text, 40));
    }
  });

  it('has one leg where the acceptor need not prove who it is, two where it must, three in DCE style', async () => {
    expect((await play({ asked: { flags: { mutual: false } } })).legs).toBe(1);
    expect((await play()).legs).toBe(2);
    expect((await play({ asked: { flags: { dceStyle: true } } })).legs).toBe(3);
  });

  it('tells both sides who is who, until when, and by which mechanism', async () => {
    const { initiator, acceptor } = await play();
    expect([initiator.established, acceptor.established]).toEqual([true, true]);
    for (const { info } of [initiator, acceptor]) {
      expect(info).toMatchObject({ initiator: alice, acceptor: sample, mechanism: KRB5 });
      expect(Math.floor(info.endtime.getTime() / 1000)).toBe(Math.floor(later(HOUR).getTime() / 1000));
    }
    expect(acceptor.info.ticket?.crealm).toBe('A.TEST');
    expect(acceptor.info.evidence).toMatchObject({ client: alice, server: sample });
    expect(initiator.info.ticket).toBeUndefined();
  });

  it.each([...allFlags()])('tells both sides what was asked for: %j', async flags => {
    const { initiator, acceptor } = await play({ asked: { flags } });
    const wanted = { ...flags, mutual: flags.mutual || flags.dceStyle, delegation: false, anonymous: false };
    expect(initiator.info.flags).toEqual(wanted);
    expect(acceptor.info.flags).toEqual(wanted);
  });

  it('knows an initiator without a name as such', async () => {
    const nobody = anonymousPrincipal('A.TEST');
    const { acceptor, initiator } = await play({
      credential: {
        client: nobody,
        part: { cname: { nameType: NT_WELLKNOWN, nameString: nobody.components } },
      },
    });
    expect(acceptor.info).toMatchObject({ initiator: nobody, flags: { anonymous: true } });
    expect(initiator.info.flags.anonymous).toBe(true);
  });

  it('may be of a ticket for Windows’ name of the mechanism, and is answered by the same', async () => {
    const initiator = createInitiator(makeCredential(), { now });
    const token = Buffer.from((await initiator.step())!);
    const krb5 = Buffer.from('06092a864886f712010202', 'hex');
    const windows = Buffer.from('06092a864882f712010202', 'hex');
    windows.copy(token, token.indexOf(krb5));
    const reply = Buffer.from((await createAcceptor({ keytab, now }).step(token))!);
    expect(reply.includes(windows)).toBe(true);
    await initiator.step(reply);
    expect(initiator.established).toBe(true);
  });

  it('takes the keys of the moment', async () => {
    let current: AcceptorOptions['keytab'] = [];
    const accept = () =>
      play({ accept: { keytab: async () => (typeof current === 'function' ? current() : current) } });
    await expect(accept()).rejects.toMatchObject({ major: 'NO_CRED' });
    current = keytab;
    await accept();
  });

  it('is for those services alone that it may be for', async () => {
    const other = parsePrincipal('host/localhost@A.TEST');
    await play({ accept: { server: [other, { service: 'sample' }] } });
    const refused = play({ accept: { server: [other, { service: 'imap' }] } });
    await expect(refused).rejects.toMatchObject({ major: 'NO_CRED' });
  });

  it('goes on after its ticket has ended, unless it is not to', async () => {
    let moment = NOW;
    const asked = { now: () => moment };
    const lasting = await play({ asked });
    const ending = await play({ asked: { ...asked, expires: true }, accept: { ...asked, expires: true } });
    moment = later(HOUR + 1);
    lasting.acceptor.unwrap(lasting.initiator.wrap(text));
    expect(() => ending.initiator.wrap(text)).toThrow(expect.objectContaining({ major: 'CONTEXT_EXPIRED' }));
    expect(() => ending.acceptor.unwrap(text)).toThrow(expect.objectContaining({ major: 'CONTEXT_EXPIRED' }));
  });
});

describe('a context takes nothing but bytes, and loses none by refusing', () => {
  it.each([['hello'], [[1, 2, 3]], [null], [new ArrayBuffer(4)]])('%j', async given => {
    const bad = given as unknown as Uint8Array;
    const error = new TypeError('a message is a Uint8Array');
    const noToken = new TypeError('a token is a Uint8Array');
    const { initiator, acceptor } = await play();
    for (const seal of [true, false]) expect(() => initiator.wrap(bad, { seal })).toThrow(error);
    expect(() => initiator.mic(bad)).toThrow(error);
    expect(() => initiator.prf(bad, 1)).toThrow(TypeError);
    expect(() => acceptor.unwrap(bad)).toThrow(noToken);
    expect(() => acceptor.verifyMic(text, bad)).toThrow(noToken);
    expect(() => acceptor.verifyMic(bad, text)).toThrow(error);
    expect(Buffer.from(acceptor.unwrap(initiator.wrap(text)).message)).toEqual(text);
    for (const create of [createAcceptor, createSpnegoAcceptor]) {
      const beginner = create({ keytab, now });
      await expect(beginner.step(bad)).rejects.toEqual(noToken);
      await beginner.step(await firstToken());
      expect(beginner.established).toBe(true);
    }
  });
});

describe('a context that is not established', () => {
  it('serves no messages', async () => {
    const initiator = createInitiator(makeCredential(), { now });
    await initiator.step();
    expect(initiator.established).toBe(false);
    expect(() => initiator.info).toThrow(expect.objectContaining({ major: 'NO_CONTEXT' }));
    expect(() => initiator.wrap(text)).toThrow(expect.objectContaining({ major: 'NO_CONTEXT' }));
  });

  it('is not accepted without keys', () => {
    for (const none of [undefined, {}, '/etc/krb5.keytab']) {
      expect(() => createAcceptor({ keytab: none as never })).toThrow(
        new TypeError("the keys of an acceptor are a keytab's entries, or a function that gives them"),
      );
    }
  });

  it('is not accepted with a clock skew that is none, which would let every time pass', () => {
    for (const clockskew of ['5m' as unknown as number, Number.NaN]) {
      expect(() => createAcceptor({ keytab, clockskew })).toThrow(TypeError);
    }
  });

  it('is over after an error, and takes no token once it is established', async () => {
    const { initiator } = await play();
    await expect(initiator.step(text)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    const acceptor = createAcceptor({ keytab, now });
    await expect(acceptor.step(text)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    await expect(acceptor.step(await firstToken())).rejects.toMatchObject({ major: 'NO_CONTEXT' });
  });

  it('needs a ticket that has not ended', async () => {
    const late = createInitiator(makeCredential(), { now: () => later(HOUR) });
    await expect(late.step()).rejects.toMatchObject({ major: 'CREDENTIALS_EXPIRED' });
    const early = createInitiator(makeCredential(), { now, kdcOffset: HOUR * 1000 });
    await expect(early.step()).rejects.toMatchObject({ major: 'CREDENTIALS_EXPIRED' });
  });
});

describe('an acceptor refuses', () => {
  it.each<[string, GssError['major'], Played]>([
    ['a replay', 'DUPLICATE_TOKEN', {}],
    ['a clock that differs', 'FAILURE', { asked: { now: () => later(301) } }],
    ['a ticket that has ended', 'CREDENTIALS_EXPIRED', { credential: { part: { endtime: later(-301) } } }],
    ['a key that it has not', 'BAD_MIC', { credential: { key: randomKey(18) } }],
    ['a ticket for another service', 'NO_CRED', { accept: { server: { service: 'host' } } }],
    ['another version of its key', 'NO_CRED', { credential: { kvno: 7 } }],
    ['a client that is not the ticket’s', 'DEFECTIVE_TOKEN', { credential: { client: sample } }],
    ['an enctype that is not permitted', 'FAILURE', { accept: { permittedEnctypes: [17] } }],
    [
      'a ticket that is bound to another address',
      'FAILURE',
      {
        credential: { part: { caddr: [hostAddress('10.0.0.1')!] } },
        accept: { address: hostAddress('10.0.0.2') },
      },
    ],
  ])('%s, and tells the initiator', async (name, major, { asked, accept, credential }) => {
    const ticket = makeCredential(credential);
    // The skewed clock would end the ticket first.
    const initiator = createInitiator({ ...ticket, endtime: later(2 * HOUR) }, { now, ...asked });
    const token = (await initiator.step())!;
    const replayCache = createMemoryReplayCache();
    if (name === 'a replay') await createAcceptor({ keytab, now, replayCache }).step(token);
    const error = await refusal(token, { replayCache, ...accept });
    expect(error.major).toBe(major);
    const learnt = await initiator.step(error.token).catch(failure => failure);
    expect(learnt).toMatchObject({
      major,
      cause: { code: 'SERVER_REFUSED', errorCode: (error.cause as { errorCode: number }).errorCode },
    });
  });

  it('a service without keys in favour of user-to-user, with its ticket', async () => {
    const tgt = makeCredential({ server: parsePrincipal('krbtgt/A.TEST@A.TEST') });
    const initiator = createInitiator(makeCredential(), { now });
    const error = await refusal((await initiator.step())!, { keytab: [], tgt });
    const learnt = await initiator.step(error.token).catch(failure => failure);
    expect(learnt.cause).toMatchObject({ errorCode: 69 });
    expect(Buffer.from(learnt.cause.reply.eData).includes(Buffer.from(tgt.ticket))).toBe(true);
  });

  it('an AP-REQ without a frame, but in DCE style', async () => {
    const bare = (await firstToken({ flags: { dceStyle: true } })).slice();
    expect(bare[0]).toBe(0x6e);
    await createAcceptor({ keytab, now }).step(bare);
    const framed = await firstToken();
    const error = await refusal(
      framed.subarray(Buffer.from(framed).indexOf(Buffer.from('01006e', 'hex')) + 2),
    );
    expect(error.major).toBe('DEFECTIVE_TOKEN');
  });

  it('a last leg of DCE style that is the acceptor’s own', async () => {
    const acceptor = createAcceptor({ keytab, now });
    const second = await acceptor.step(await firstToken({ flags: { dceStyle: true } }));
    await expect(acceptor.step(second)).rejects.toMatchObject({ major: 'BAD_MIC' });
    expect(acceptor.established).toBe(false);
  });

  it('a last leg of DCE style that is that of another context', async () => {
    const [one, other] = [{ dceStyle: true }, { dceStyle: true }].map(flags => ({
      initiator: createInitiator(makeCredential(), { now, flags }),
      acceptor: createAcceptor({ keytab, now }),
    }));
    const third = async ({ initiator, acceptor }: NonNullable<typeof one>) =>
      initiator.step(await acceptor.step(await initiator.step()));
    await third(one!);
    await expect(one!.acceptor.step(await third(other!))).rejects.toMatchObject({ major: 'BAD_MIC' });
  });
});

function* allFlags(): Generator<Omit<ContextFlags, 'delegation' | 'anonymous'>> {
  for (let bits = 0; bits < 128; bits++) {
    const bit = (n: number): boolean => (bits & (1 << n)) !== 0;
    yield {
      mutual: bit(0),
      replay: bit(1),
      sequence: bit(2),
      confidentiality: bit(3),
      integrity: bit(4),
      dceStyle: bit(5),
      identify: bit(6),
    };
  }
}

describe('delegation', () => {
  it('is not asked for unless there is something to delegate', async () => {
    const { acceptor } = await play();
    expect(acceptor.info).toMatchObject({ delegated: undefined, flags: { delegation: false } });
  });

  it.each(ETYPES)(
    'hands over tickets with their keys, with a session key of enctype %i',
    async sessionEtype => {
      const tgt = makeCredential({ server: parsePrincipal('krbtgt/A.TEST@A.TEST') });
      const { acceptor } = await play({ asked: { delegated: [tgt] }, credential: { sessionEtype } });
      const [delegated] = acceptor.info.delegated!;
      expect(delegated).toMatchObject({ client: tgt.client, server: tgt.server });
      expect(Buffer.from(delegated!.ticket)).toEqual(Buffer.from(tgt.ticket));
      expect(Buffer.from(delegated!.key.keyvalue)).toEqual(Buffer.from(tgt.key.keyvalue));
      expect(acceptor.info.flags.delegation).toBe(true);
    },
  );

  it('has a bound, which the token’s format gives', async () => {
    const tgt = { ...makeCredential(), authorizationData: [], ticket: makeCredential().ticket };
    const many = Array.from({ length: 200 }, () => tgt);
    const initiator = createInitiator(makeCredential(), { now, delegated: many });
    await expect(initiator.step()).rejects.toBeInstanceOf(GssError);
  });
});

describe('user-to-user', () => {
  it('is a context of its own mechanism', async () => {
    const key = randomKey(18);
    const tgt = { ...makeCredential(), key: toEncryptionKey(key) };
    const credential = { ...makeCredential({ key, kvno: undefined }), isSkey: true };
    const { acceptor } = await establish(
      createInitiator(credential, { now }),
      createAcceptor({ keytab: [], tgt, now }),
    );
    expect(acceptor.info).toMatchObject({ initiator: alice, mechanism: '1.2.840.113554.1.2.2.3' });
  });
});

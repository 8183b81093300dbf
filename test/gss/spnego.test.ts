import { describe, expect, it } from 'vitest';

import type { SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { KRB5, MS_KRB5 } from '../../src/gss/oids.ts';
import { acceptNegotiation } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator, initiateNegotiation } from '../../src/gss/spnego/initiator.ts';
import {
  decodeNegTokenInit,
  decodeNegTokenInit2,
  InitialToken,
  MechTypeList,
  NegotiationResponse,
  type NegTokenInit,
  type NegTokenResp,
  SPNEGO,
} from '../../src/gss/spnego/messages.ts';
import { ascii, fakeContext } from './fake-mechanism.ts';
import { converse, FAKE, fake, OTHER } from './spnego-support.ts';

const response = (token: Uint8Array | undefined): NegTokenResp => NegotiationResponse.decode(token!);
const respond = (message: NegTokenResp): Uint8Array => NegotiationResponse.encode(message);

describe('a mechanism that both sides like best', () => {
  it.each([1, 2, 3, 4, 5])('is through after its own %i legs, without MICs', async legs => {
    const initiator = initiateNegotiation([fake('initiator', { legs })]);
    const acceptor = acceptNegotiation([fake('acceptor', { legs })]);
    const { tokens, failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    expect([initiator.established, acceptor.established]).toEqual([true, true]);
    // Where the mechanism's last token is the initiator's, the acceptor says that it is content.
    expect(tokens).toHaveLength(legs % 2 === 1 ? legs + 1 : legs);
    const responses = tokens.slice(1).map(response);
    expect(responses.every(({ mechListMIC }) => mechListMIC === undefined)).toBe(true);
    expect(responses.map(({ supportedMech }) => supportedMech)).toEqual([
      FAKE,
      ...responses.slice(1).map(() => undefined),
    ]);
  });

  it('has its first token sent with the offer', async () => {
    const { mechTypes, mechToken } = await offered(initiateNegotiation([fake('initiator', { legs: 2 })]));
    expect(MechTypeList.decode(mechTypes)).toEqual([FAKE]);
    expect(mechToken).toEqual(ascii('fake 1'));
  });

  it('is established at neither side before both are through', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 1 })]);
    const offer = await initiator.step();
    expect(initiator.established).toBe(false);
    expect(() => initiator.info).toThrow(expect.objectContaining({ major: 'NO_CONTEXT' }));
    expect(() => initiator.wrap(new Uint8Array(1))).toThrow(GssError);
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 1 })]);
    expect(await initiator.step(await acceptor.step(offer))).toBeUndefined();
    expect(initiator.info.mechanism).toBe('fake');
  });
});

describe('Kerberos', () => {
  it('is offered by its right name, then by Windows’', async () => {
    const { mechTypes } = await offered(createSpnegoInitiator(fakeContext('initiator', { legs: 2 })));
    expect(MechTypeList.decode(mechTypes)).toEqual([KRB5, MS_KRB5]);
  });

  it.each([
    [KRB5, MS_KRB5],
    [MS_KRB5, KRB5],
  ])('is answered by the name that the initiator likes best, %s', async (...oids) => {
    const initiator = createSpnegoInitiator(fakeContext('initiator', { legs: 2 }), { oids });
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 }, [KRB5, MS_KRB5])]);
    const { tokens } = await converse(initiator, acceptor);
    expect(response(tokens[1])).toMatchObject({ negState: 0, supportedMech: oids[0] });
    expect(tokens).toHaveLength(2);
    expect(initiator.established).toBe(true);
  });

  it('is the same mechanism by either name, as Samba answers with the other', async () => {
    const initiator = createSpnegoInitiator(fakeContext('initiator', { legs: 2 }));
    await initiator.step();
    const responseToken = ascii('fake 2');
    expect(
      await initiator.step(respond({ negState: 0, supportedMech: MS_KRB5, responseToken })),
    ).toBeUndefined();
    expect(initiator.established).toBe(true);
  });
});

describe('acceptors with habits of their own', () => {
  it.each<[string, number, NegTokenResp]>([
    ['Java’s, with nothing but the mechanism’s token', 2, { responseToken: ascii('fake 2') }],
    [
      'old IIS, with an empty token',
      1,
      { negState: 0, supportedMech: FAKE, responseToken: new Uint8Array(0) },
    ],
    [
      'Windows 2000, with its token once more where the MIC belongs',
      2,
      {
        negState: 0,
        supportedMech: FAKE,
        responseToken: ascii('fake 2'),
        mechListMIC: ascii('fake 2'),
      },
    ],
  ])('are understood: %s', async (_, legs, message) => {
    const initiator = initiateNegotiation([fake('initiator', { legs })]);
    await initiator.step();
    expect(await initiator.step(respond(message))).toBeUndefined();
    expect(initiator.established).toBe(true);
  });
});

describe('an acceptor that speaks first', () => {
  it('names its mechanisms, and takes what comes then', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    const hint = await acceptor.step();
    expect(decodeNegTokenInit2(hint!)).toEqual({
      mechTypes: [FAKE],
      negHints: { hintName: 'not_defined_in_RFC4178@please_ignore' },
    });
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 })]);
    await initiator.step(await acceptor.step(await initiator.step(hint)));
    expect([initiator.established, acceptor.established]).toEqual([true, true]);
  });

  it('is left where it has none of ours', async () => {
    const hint = await acceptNegotiation([fake('acceptor', { legs: 2 }, [OTHER])]).step();
    await expect(initiateNegotiation([fake('initiator', { legs: 2 })]).step(hint)).rejects.toMatchObject({
      major: 'BAD_MECH',
    });
  });

  it('speaks once', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    await acceptor.step();
    await expect(acceptor.step(new Uint8Array(0))).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });
});

describe('a mechanism’s token without SPNEGO', () => {
  it('is taken, and answered without SPNEGO', async () => {
    const inner = fakeContext('acceptor', { legs: 2 });
    const seen: Uint8Array[] = [];
    const step: typeof inner.step = async token => {
      seen.push(token!);
      return inner.step(ascii('fake 1'));
    };
    const context = Object.create(inner, { step: { value: step } });
    const acceptor = acceptNegotiation([{ oids: [FAKE], create: () => context }]);
    const token = InitialToken.encode({ mechanism: FAKE, token: ascii('fake 1') });
    expect(await acceptor.step(token)).toEqual(ascii('fake 2'));
    expect(seen).toEqual([token]);
    expect(acceptor.established).toBe(true);
  });

  it('goes to Kerberos where it is a bare AP-REQ', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 }, [KRB5])]);
    await expect(acceptor.step(Uint8Array.of(0x6e, 0))).rejects.toMatchObject({ message: 'another token' });
  });

  it.each<[string, Uint8Array]>([
    ['NTLM’s', ascii('NTLMSSP\0\x01\0\0\0')],
    ['one of another mechanism', InitialToken.encode({ mechanism: OTHER, token: new Uint8Array(2) })],
  ])('is refused where it is %s', async (_, token) => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    await expect(acceptor.step(token)).rejects.toMatchObject({ major: 'BAD_MECH', token: undefined });
  });
});

describe('a refusal', () => {
  it('reaches the initiator as the mechanism’s own', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 })]);
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2, refuses: 1 })]);
    const { failure } = await converse(initiator, acceptor);
    expect(failure).toMatchObject({ major: 'UNAUTHORIZED', message: 'refused' });
    const { token } = failure as GssError;
    expect(response(token)).toEqual({
      negState: 2,
      supportedMech: FAKE,
      responseToken: ascii('error 1'),
    });
    await expect(initiator.step(token)).rejects.toMatchObject({
      major: 'UNAUTHORIZED',
      message: 'error 1',
    });
  });

  it('is none that a mechanism’s valid token turns into acceptance', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 })]);
    await initiator.step();
    await expect(
      initiator.step(respond({ negState: 2, responseToken: ascii('fake 2') })),
    ).rejects.toMatchObject({ major: 'FAILURE' });
    expect(initiator.established).toBe(false);
  });

  it('tells an initiator that it has no mechanism in common', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 }, [OTHER])]);
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    const { failure } = await converse(initiator, acceptor);
    expect(failure).toMatchObject({ major: 'BAD_MECH', token: respond({ negState: 2 }) });
    await expect(initiator.step((failure as GssError).token)).rejects.toMatchObject({ major: 'FAILURE' });
  });

  it('by the initiator ends the acceptor’s context', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 3 })]);
    await acceptor.step(await initiateNegotiation([fake('initiator', { legs: 3 })]).step());
    await expect(acceptor.step(respond({ negState: 2 }))).rejects.toMatchObject({ major: 'FAILURE' });
    await expect(acceptor.step(respond({ responseToken: ascii('fake 3') }))).rejects.toMatchObject({
      major: 'NO_CONTEXT',
    });
  });
});

async function offered(initiator: SecurityContext): Promise<NegTokenInit> {
  const { mechanism, token } = InitialToken.decode((await initiator.step())!);
  expect(mechanism).toBe(SPNEGO);
  return decodeNegTokenInit(token);
}

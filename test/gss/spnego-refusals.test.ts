import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GssError } from '../../src/gss/gss-error.ts';
import { acceptNegotiation } from '../../src/gss/spnego/acceptor.ts';
import { initiateNegotiation } from '../../src/gss/spnego/initiator.ts';
import {
  encodeNegTokenInit,
  InitialToken,
  MechTypeList,
  NegotiationResponse,
  SPNEGO,
} from '../../src/gss/spnego/messages.ts';
import { ascii } from './fake-mechanism.ts';
import { FAKE, fake, OTHER } from './spnego-support.ts';

const mechTypes = MechTypeList.encode([FAKE]);

describe('an initiator refuses', () => {
  it.each<[string, Parameters<typeof NegotiationResponse.encode>[0]]>([
    ['a mechanism that it has not offered', { negState: 1, supportedMech: OTHER }],
    ['a completion before its mechanism’s', { negState: 0, supportedMech: FAKE }],
    ['no token where its mechanism needs one', { negState: 1, supportedMech: FAKE }],
    ['nothing at all', {}],
    ['a state that does not exist', { negState: 4, supportedMech: FAKE, responseToken: ascii('fake 2') }],
    ['a rejection', { negState: 2 }],
  ])('%s', async (_, message) => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 })]);
    await initiator.step();
    await expect(initiator.step(NegotiationResponse.encode(message))).rejects.toBeInstanceOf(GssError);
    await expect(initiator.step(NegotiationResponse.encode(message))).rejects.toMatchObject({
      major: 'NO_CONTEXT',
    });
  });

  it('a token where its mechanism is through', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 1 })]);
    await initiator.step();
    const message = NegotiationResponse.encode({
      negState: 0,
      supportedMech: FAKE,
      responseToken: ascii('fake 2'),
    });
    await expect(initiator.step(message)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });

  it('no answer', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 })]);
    await initiator.step();
    await expect(initiator.step()).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });
});

describe('an acceptor refuses', () => {
  const framed = (token: Uint8Array) => InitialToken.encode({ mechanism: SPNEGO, token });

  it.each<[string, Uint8Array, string]>([
    ['a response without a request', NegotiationResponse.encode({ negState: 0 }), 'DEFECTIVE_TOKEN'],
    ['an offer of nothing', encodeNegTokenInit({ mechTypes: MechTypeList.encode([]) }), 'BAD_MECH'],
    ['a frame around nothing', framed(new Uint8Array(0)), 'DEFECTIVE_TOKEN'],
    ['a frame around a response', framed(NegotiationResponse.encode({ negState: 0 })), 'DEFECTIVE_TOKEN'],
    [
      'a list without end',
      encodeNegTokenInit({ mechTypes: MechTypeList.encode(Array(100_000).fill(OTHER)) }),
      'DEFECTIVE_TOKEN',
    ],
    ['frames in frames', nested(500), 'DEFECTIVE_TOKEN'],
    [
      'a length beyond its end',
      Uint8Array.of(0x60, 0x84, 0x7f, 0xff, 0xff, 0xff, 6, 1, 0),
      'DEFECTIVE_TOKEN',
    ],
    ['an indefinite length', Uint8Array.of(0x60, 0x80, 6, 1, 42, 0, 0), 'DEFECTIVE_TOKEN'],
    ['an object identifier without end', Uint8Array.of(0x60, 4, 6, 2, 0x2b, 0x86), 'DEFECTIVE_TOKEN'],
    [
      'a mechanism’s token that is none',
      encodeNegTokenInit({ mechTypes, mechToken: ascii('junk') }),
      'DEFECTIVE_TOKEN',
    ],
  ])('%s', async (_, token, major) => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    await expect(acceptor.step(token)).rejects.toMatchObject({ name: 'GssError', major });
    expect(acceptor.established).toBe(false);
    await expect(acceptor.step(token)).rejects.toMatchObject({ major: 'NO_CONTEXT' });
  });

  it('an answer without a token', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    await acceptor.step(encodeNegTokenInit({ mechTypes }));
    await expect(acceptor.step()).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });

  it('a second token while it takes the first', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    const offer = encodeNegTokenInit({ mechTypes, mechToken: ascii('fake 1') });
    const first = acceptor.step(offer);
    await expect(acceptor.step(offer)).rejects.toMatchObject({ major: 'NO_CONTEXT' });
    await first;
    expect(acceptor.established).toBe(true);
  });
});

describe('junk', () => {
  const message = fc.record(
    {
      negState: fc.integer({ min: 0, max: 5 }),
      supportedMech: fc.constantFrom(FAKE, OTHER, '1.2.3'),
      responseToken: fc.oneof(fc.constant(ascii('fake 2')), fc.uint8Array({ maxLength: 20 })),
      mechListMIC: fc.uint8Array({ maxLength: 20 }),
    },
    { requiredKeys: [] },
  );

  it('makes an initiator throw nothing but GssError', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      message.map(value => NegotiationResponse.encode(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 4 }), async tokens => {
        const initiator = initiateNegotiation([
          fake('initiator', { legs: 1, name: 'other' }, [OTHER]),
          fake('initiator', { legs: 2 }),
        ]);
        await initiator.step();
        for (const token of tokens) await initiator.step(token).catch(expectGssError);
        // Only its first mechanism, which needs nothing of the acceptor, can be established so.
        if (initiator.established) expect(initiator.info.mechanism).toBe('other');
      }),
    );
  });

  it('makes an acceptor throw nothing but GssError', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 50 }).map(token => InitialToken.encode({ mechanism: SPNEGO, token })),
      message.map(value => NegotiationResponse.encode(value)),
      fc.uint8Array({ maxLength: 20 }).map(mechToken => encodeNegTokenInit({ mechTypes, mechToken })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 4 }), async tokens => {
        const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
        for (const token of tokens) await acceptor.step(token).catch(expectGssError);
        expect(acceptor.established).toBe(false);
      }),
    );
  });
});

function expectGssError(error: unknown): void {
  expect(error).toBeInstanceOf(GssError);
}

function nested(depth: number): Uint8Array {
  let token = new Uint8Array(0);
  for (let i = 0; i < depth; i++) {
    token = new Uint8Array(InitialToken.encode({ mechanism: SPNEGO, token }));
  }
  return token;
}

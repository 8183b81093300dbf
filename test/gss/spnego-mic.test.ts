import { describe, expect, it } from 'vitest';

import type { SecurityContext } from '../../src/gss/context.ts';
import { acceptNegotiation } from '../../src/gss/spnego/acceptor.ts';
import { initiateNegotiation } from '../../src/gss/spnego/initiator.ts';
import {
  decodeNegTokenInit,
  InitialToken,
  NegotiationResponse,
  type NegTokenInit,
  type NegTokenResp,
  SPNEGO,
} from '../../src/gss/spnego/messages.ts';
import { ascii, fakeContext } from './fake-mechanism.ts';
import { converse, FAKE, fake, OTHER } from './spnego-support.ts';

const response = (token: Uint8Array | undefined): NegTokenResp => NegotiationResponse.decode(token!);
const respond = (message: NegTokenResp): Uint8Array => NegotiationResponse.encode(message);

describe('a mechanism that is not the initiator’s first', () => {
  const initiate = (legs: number, integrity = true) =>
    initiateNegotiation([
      fake('initiator', { legs: 2, name: 'other' }, [OTHER]),
      fake('initiator', { legs, integrity }),
    ]);

  it.each([1, 2, 3, 4])('is vouched for by both sides after its %i legs', async legs => {
    const initiator = initiate(legs);
    const acceptor = acceptNegotiation([fake('acceptor', { legs })]);
    const { tokens, failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    expect([initiator.established, acceptor.established]).toEqual([true, true]);
    expect(response(tokens[1])).toEqual({ negState: 3, supportedMech: FAKE });
    const mics = tokens.slice(1).flatMap(token => response(token).mechListMIC ?? []);
    expect(mics).toHaveLength(2);
    // The side that sends the mechanism's last token sends its MIC with it.
    expect(response(tokens[1 + legs])).toMatchObject({
      responseToken: ascii(`fake ${legs}`),
      mechListMIC: expect.any(Uint8Array),
    });
    expect(tokens).toHaveLength(2 + legs + 1);
  });

  it.each([1, 2, 3])('has no MICs where it has no integrity, with %i legs', async legs => {
    const initiator = initiate(legs, false);
    const acceptor = acceptNegotiation([fake('acceptor', { legs, integrity: false })]);
    const { tokens, failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    expect([initiator.established, acceptor.established]).toEqual([true, true]);
    expect(tokens.slice(1).every(token => response(token).mechListMIC === undefined)).toBe(true);
  });

  it('is not believed where the acceptor completes without its MIC', async () => {
    const initiator = initiate(2);
    await initiator.step();
    await initiator.step(respond({ negState: 3, supportedMech: FAKE }));
    await expect(
      initiator.step(respond({ negState: 0, responseToken: ascii('fake 2') })),
    ).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    expect(initiator.established).toBe(false);
  });

  it('is not believed where the initiator never sends its MIC', async () => {
    const acceptor = acceptNegotiation([fake('acceptor', { legs: 2 })]);
    const initiator = initiate(2);
    const offer = await initiator.step();
    const first = await initiator.step(await acceptor.step(offer));
    expect(response(await acceptor.step(first)).negState).toBe(1);
    expect(acceptor.established).toBe(false);
    await expect(acceptor.step(respond({ negState: 0 }))).rejects.toMatchObject({
      major: 'DEFECTIVE_TOKEN',
      token: respond({ negState: 2 }),
    });
    expect(acceptor.established).toBe(false);
  });
});

describe('an acceptor that asks for MICs of the initiator’s first mechanism', () => {
  it.each([1, 2, 3])('gets one, and must give one, with %i legs', async legs => {
    const initiator = initiateNegotiation([fake('initiator', { legs })]);
    const inner = fakeContext('acceptor', { legs });
    const { mechTypes, mechToken } = await offered(initiator);
    const responseToken = await inner.step(mechToken);
    const asked = respond({ negState: 3, supportedMech: FAKE, responseToken });
    const ours = response(await initiator.step(asked));
    expect(initiator.established).toBe(false);
    if (!inner.established) await inner.step(ours.responseToken);
    inner.verifyMic(mechTypes, ours.mechListMIC!);
    await initiator.step(respond({ negState: 0, mechListMIC: inner.mic(mechTypes) }));
    expect(initiator.established).toBe(true);
  });

  it('is not believed where it gives none', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 1 })]);
    await initiator.step();
    await initiator.step(respond({ negState: 3, supportedMech: FAKE }));
    await expect(initiator.step(respond({ negState: 0 }))).rejects.toMatchObject({
      major: 'DEFECTIVE_TOKEN',
    });
  });

  it('with its MIC and completed needs none of ours', async () => {
    const initiator = initiateNegotiation([fake('initiator', { legs: 2 })]);
    const inner = fakeContext('acceptor', { legs: 2 });
    const { mechTypes, mechToken } = await offered(initiator);
    const responseToken = await inner.step(mechToken);
    const mechListMIC = inner.mic(mechTypes);
    const last = respond({ negState: 0, supportedMech: FAKE, responseToken, mechListMIC });
    expect(await initiator.step(last)).toBeUndefined();
    expect(initiator.established).toBe(true);
  });
});

async function offered(initiator: SecurityContext): Promise<NegTokenInit> {
  const { mechanism, token } = InitialToken.decode((await initiator.step())!);
  expect(mechanism).toBe(SPNEGO);
  return decodeNegTokenInit(token);
}

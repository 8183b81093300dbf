import { describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { bytesToText } from '../../src/codec/text.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator, type InitiatorOptions } from '../../src/gss/initiator.ts';
import { KRB5 } from '../../src/gss/oids.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator, initiateNegotiation } from '../../src/gss/spnego/initiator.ts';
import { KRB5_NAMES } from '../../src/gss/spnego/mechanisms.ts';
import { NegotiationResponse } from '../../src/gss/spnego/messages.ts';
import { keytab, makeCredential, NOW } from '../ap/made-up.ts';
import { ascii } from './fake-mechanism.ts';
import { converse, fake, OTHER } from './spnego-support.ts';

const now = () => NOW;
const initiate = (options: InitiatorOptions = {}) => createInitiator(makeCredential(), { now, ...options });
/** Would rather have another mechanism. */
const initiateWithMic = (options: InitiatorOptions = {}) =>
  initiateNegotiation([
    fake('initiator', { legs: 2 }, [OTHER]),
    { oids: KRB5_NAMES, create: () => initiate(options) },
  ]);
const accept = () => createSpnegoAcceptor({ keytab, now, replayCache: createMemoryReplayCache() });

describe.each<[string, InitiatorOptions]>([
  ['mutual', {}],
  ['one-sided', { flags: { mutual: false } }],
  ['DCE-style', { flags: { dceStyle: true } }],
])('a %s context of Kerberos', (_, options) => {
  it('is negotiated', async () => {
    const [initiator, acceptor] = [createSpnegoInitiator(initiate(options)), accept()];
    const { failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    expectTalk(initiator, acceptor);
  });

  it('is negotiated with MICs, which have their place in the sequence', async () => {
    const [initiator, acceptor] = [initiateWithMic(options), accept()];
    const { tokens, failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    expect(tokens.slice(1).filter(token => NegotiationResponse.decode(token).mechListMIC)).toHaveLength(2);
    expectTalk(initiator, acceptor);
  });

  it('is accepted without SPNEGO', async () => {
    const [initiator, acceptor] = [initiate(options), accept()];
    const { failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    expectTalk(initiator, acceptor);
  });
});

describe('a negotiation of Kerberos', () => {
  it('with any byte changed is refused, or changes nothing', async () => {
    const credential = makeCredential();
    const initiator = () => createSpnegoInitiator(createInitiator(credential, { now }));
    const { tokens } = await converse(initiator(), accept());
    for (const [number, token] of tokens.entries()) {
      for (let at = 0; at < token.length; at++) {
        const sides = [initiator(), accept()] as const;
        const { failure } = await converse(...sides, (original, n) => {
          if (n !== number) return original;
          const changed = Uint8Array.from(original);
          changed[at]! ^= 0x15;
          return changed;
        });
        if (failure !== undefined) expect(failure).toBeInstanceOf(GssError);
        if (sides.every(side => side.established)) expectTalk(...sides);
      }
    }
  });

  it('that comes again is a replay, of which the initiator is told', async () => {
    const replayCache = createMemoryReplayCache();
    const acceptors = [1, 2].map(() => createSpnegoAcceptor({ keytab, now, replayCache }));
    const initiator = createSpnegoInitiator(initiate());
    const offer = await initiator.step();
    await acceptors[0]?.step(offer);
    const error = await acceptors[1]?.step(offer).catch((thrown: GssError) => thrown);
    expect(error).toMatchObject({ major: 'DUPLICATE_TOKEN', token: expect.any(Uint8Array) });
    await expect(initiator.step((error as GssError).token)).rejects.toMatchObject({
      major: 'DUPLICATE_TOKEN',
      message: expect.stringMatching(/^Request is a replay /),
    });
  });

  it('is left to an acceptor whose clock is wrong with the reason', async () => {
    const initiator = createSpnegoInitiator(initiate());
    const acceptor = createSpnegoAcceptor({ keytab, now: () => new Date(NOW.getTime() + 3_600_000 / 2) });
    const { failure } = await converse(initiator, acceptor);
    await expect(initiator.step((failure as GssError).token)).rejects.toMatchObject({
      major: 'FAILURE',
      message: expect.stringMatching(/^Clock skew too great /),
    });
  });
});

function expectTalk(initiator: SecurityContext, acceptor: SecurityContext): void {
  expect([initiator.established, acceptor.established]).toEqual([true, true]);
  expect(initiator.info.mechanism).toBe(KRB5);
  expect(acceptor.info.initiator.components).toEqual(['alice']);
  const message = ascii('a message');
  const opened = acceptor.unwrap(initiator.wrap(message));
  expect([bytesToText(opened.message), opened.sealed]).toEqual(['a message', true]);
  const readable = initiator.unwrap(acceptor.wrap(message, { seal: false }));
  expect([bytesToText(readable.message), readable.sealed]).toEqual(['a message', false]);
  initiator.verifyMic(message, acceptor.mic(message));
  acceptor.verifyMic(message, initiator.mic(message));
  expect(initiator.prf(message, 20)).toEqual(acceptor.prf(message, 20));
  expect(initiator.wrapSizeLimit(1000)).toBe(acceptor.wrapSizeLimit(1000));
}

import { describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego/initiator.ts';
import {
  decodeNegTokenInit,
  encodeNegTokenInit,
  InitialToken,
  MechTypeList,
} from '../../src/gss/spnego/messages.ts';
import { keytab, makeCredential } from '../ap/made-up.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { converse } from './spnego-support.ts';
import { now } from './support.ts';

const credential = makeCredential();
const tgt = makeCredential();
const channelBindings = { applicationData: Buffer.from('here') };
const MAJORS = ['BAD_MECH', 'BAD_MIC', 'DEFECTIVE_TOKEN', 'FAILURE', 'NO_CRED'];

function pair(flags = {}): readonly [SecurityContext, SecurityContext] {
  return [
    createSpnegoInitiator(createInitiator(credential, { now, flags, delegated: [tgt], channelBindings })),
    createSpnegoAcceptor({ keytab, now, channelBindings }),
  ];
}

describe.each<[string, object]>([
  ['mutual', {}],
  ['one-sided', { mutual: false }],
  ['DCE style', { dceStyle: true }],
])('a context of Kerberos in SPNEGO, %s', (_, flags) => {
  it('with any octet of its tokens changed fails with a fitting major, or is the same', async () => {
    const { tokens, failure } = await converse(...pair(flags));
    expect(failure).toBeUndefined();
    const harmless = new Set<string>();
    for (const [number, token] of tokens.entries()) {
      for (let at = 0; at < token.length; at++) {
        for (const mask of [0x01, 0x80]) {
          const [initiator, acceptor] = pair(flags);
          const { failure } = await converse(initiator, acceptor, (original, n) => {
            if (n !== number) return original;
            const changed = Uint8Array.from(original);
            changed[at]! ^= mask;
            return changed;
          });
          if (failure !== undefined) {
            expectRefused(failure, number % 2 === 0 ? [acceptor, initiator] : [initiator, acceptor]);
            continue;
          }
          harmless.add(`${number}:${at}`);
          expect([initiator.established, acceptor.established]).toEqual([true, true]);
          expect(acceptor.info).toMatchObject({
            initiator: credential.client,
            flags: { delegation: true, ...flags },
          });
        }
      }
    }
    // What no key protects and nobody needs: as with Kerberos alone, the other names of the mechanism, SPNEGO's states.
    expect(harmless.size).toBeLessThanOrEqual(24);
  }, 60_000);

  it('with a token cut short fails', async () => {
    const { tokens } = await converse(...pair(flags));
    for (const [number, token] of tokens.entries()) {
      for (let length = number === 0 ? 1 : 0; length < token.length; length++) {
        const [initiator, acceptor] = pair(flags);
        // A sequence number may be an octet shorter than it was in the first conversation.
        const { failure } = await converse(initiator, acceptor, (original, n) =>
          n === number ? original.subarray(0, Math.min(length, original.length - 1)) : original,
        );
        expect(failure).toBeInstanceOf(GssError);
        expect((number % 2 === 0 ? acceptor : initiator).established).toBe(false);
      }
    }
  });
});

function expectRefused(failure: unknown, [receiver, sender]: readonly SecurityContext[]): void {
  expect(failure).toBeInstanceOf(GssError);
  expect(MAJORS).toContain((failure as GssError).major);
  // Who is told too early that all is done refuses the last word after it.
  expect(receiver!.established).toBe(receiver!.established && sender!.established);
}

describe('a first token of SPNEGO', () => {
  const replayCache = createMemoryReplayCache();
  const accept = () => createSpnegoAcceptor({ keytab, now, replayCache });

  it('that came before is refused as a duplicate', async () => {
    const token = (await createSpnegoInitiator(createInitiator(credential, { now })).step())!;
    await accept().step(token);
    await expect(accept().step(token)).rejects.toMatchObject({ major: 'DUPLICATE_TOKEN' });
  });

  it.each([['1.2.3'], ['1.3.6.1.5.5.2'], ['1.2.840.113554.1.2.2.4'], ['1.3.6.1.4.1.311.2.2.10']])(
    'that offers %s alone is refused',
    async oid => {
      const token = (await createSpnegoInitiator(createInitiator(credential, { now })).step())!;
      const init = decodeNegTokenInit(InitialToken.decode(token).token);
      const acceptor = accept();
      await expect(
        acceptor.step(encodeNegTokenInit({ ...init, mechTypes: MechTypeList.encode([oid]) })),
      ).rejects.toMatchObject({ name: 'GssError', major: 'BAD_MECH' });
      expect(acceptor.established).toBe(false);
    },
  );

  it('that nests without end, offers without end or claims more than there is, is refused in time', async () => {
    const nested = (tag: number) => {
      let inner: Buffer = Buffer.alloc(0);
      for (let depth = 0; depth < 5000; depth++) {
        const length = inner.length < 0x80 ? [inner.length] : [0x82, inner.length >> 8, inner.length & 0xff];
        inner = Buffer.concat([Buffer.from([tag, ...length]), inner]);
      }
      return inner;
    };
    const spnego = Buffer.from('06062b0601050502', 'hex');
    const framed = (body: Uint8Array) =>
      Buffer.concat([
        Buffer.from([
          0x60,
          0x83,
          0,
          (spnego.length + body.length) >> 8,
          (spnego.length + body.length) & 0xff,
        ]),
        spnego,
        body,
      ]);
    const many = encodeNegTokenInit({ mechTypes: MechTypeList.encode(Array(20_000).fill('1.2.3')) });
    const tokens = [
      framed(nested(0xa0)),
      framed(nested(0x30)),
      nested(0x60),
      nested(0xa1),
      many,
      Buffer.from('6084ffffffff06062b0601050502a03a', 'hex'),
      Buffer.from('60820400', 'hex'),
    ];
    const took = await cpuTime(async () => {
      for (const token of tokens) {
        await expect(accept().step(token)).rejects.toMatchObject({ name: 'GssError' });
        const initiator = createSpnegoInitiator(createInitiator(credential, { now }));
        await initiator.step();
        await expect(initiator.step(token)).rejects.toMatchObject({ name: 'GssError' });
      }
    });
    expect(took).toBeLessThan(5000);
  });
});

import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { createUserToUserInitiator } from '../../src/gss/user-to-user.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { alice, keytab, makeCredential, sample } from '../ap/made-up.ts';
import { converse } from './spnego-support.ts';
import { now } from './support.ts';

const MAJORS = ['BAD_MECH', 'BAD_MIC', 'DEFECTIVE_TOKEN', 'FAILURE', 'NO_CRED'];
const key = randomKey(18);
const tgt = {
  ...makeCredential({ server: parsePrincipal('krbtgt/A.TEST@A.TEST'), client: sample }),
  key: toEncryptionKey(key),
};
const credential = { ...makeCredential({ key, kvno: undefined }), isSkey: true };

/** A KDC would refuse a ticket that is not the acceptor's. */
async function ticketFor(secondTicket: Uint8Array) {
  if (Buffer.compare(secondTicket, tgt.ticket) === 0) return credential;
  throw new GssError('FAILURE', 'the KDC refuses it');
}

function pair(): readonly [SecurityContext, SecurityContext] {
  return [createUserToUserInitiator(sample, ticketFor, { now }), createAcceptor({ keytab: [], tgt, now })];
}

function expectRefusal(failure: unknown): void {
  expect(failure).toBeInstanceOf(GssError);
  expect(MAJORS).toContain((failure as GssError).major);
}

describe('user-to-user authentication', () => {
  it('with any octet changed fails with a fitting major, or is the same', async () => {
    const { tokens, failure } = await converse(...pair());
    expect([tokens.length, failure]).toEqual([4, undefined]);
    const harmless = tokens.map(() => 0);
    for (const [number, token] of tokens.entries()) {
      for (let at = 0; at < token.length; at++) {
        const [initiator, acceptor] = pair();
        const { failure } = await converse(initiator, acceptor, (original, n) => {
          if (n !== number) return original;
          const changed = Uint8Array.from(original);
          // A sequence number may be an octet shorter than it was in the first conversation.
          changed[Math.min(at, changed.length - 1)]! ^= 1 << (at % 8);
          return changed;
        });
        if (failure !== undefined) {
          expectRefusal(failure);
          expect((number % 2 === 0 ? acceptor : initiator).established).toBe(false);
          continue;
        }
        harmless[number]!++;
        expect(acceptor.info).toMatchObject({ initiator: alice, acceptor: sample });
      }
    }
    // Whom the first token asks for, and whom the ticket is for by its name, is not protected by anything: the acceptor
    // is the one whose ticket-granting ticket it is.
    const [, given, request, reply] = harmless;
    expect(given).toBe(0);
    expect(request).toBeLessThanOrEqual(30);
    expect(reply).toBe(0);
  });

  it('with any token cut short fails', async () => {
    const { tokens } = await converse(...pair());
    for (const [number, token] of tokens.entries()) {
      for (let length = 0; length < token.length; length++) {
        // A sequence number may be an octet shorter than it was in the first conversation.
        const { failure } = await converse(...pair(), (original, n) =>
          n === number ? original.subarray(0, Math.min(length, original.length - 1)) : original,
        );
        expectRefusal(failure);
      }
    }
  });
});

describe('an error token', () => {
  it('with any octet changed or missing is an error all the same', async () => {
    const late = () => new Date(now().getTime() + 3_600_000);
    const initiator = createInitiator(makeCredential(), { now });
    const refused = await createAcceptor({ keytab, now: late })
      .step(await initiator.step())
      .catch((error: GssError) => error);
    const { token } = refused as GssError;
    for (let at = 0; at < token!.length; at++) {
      const changed = Uint8Array.from(token!);
      changed[at]! ^= 1 << (at % 8);
      for (const bytes of [changed, token!.subarray(0, at)]) {
        const asking = createInitiator(makeCredential(), { now });
        await asking.step();
        const failure = await asking.step(bytes).catch((error: GssError) => error);
        expect(failure).toBeInstanceOf(GssError);
        expect(asking.established).toBe(false);
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { createUserToUserInitiator } from '../../src/gss/user-to-user.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { alice, makeCredential, sample } from '../ap/made-up.ts';
import { establish, now } from './support.ts';

const USER_TO_USER = '1.2.840.113554.1.2.2.3';
const key = randomKey(18);
const tgt = {
  ...makeCredential({ server: parsePrincipal('krbtgt/A.TEST@A.TEST'), client: sample }),
  key: toEncryptionKey(key),
};
const text = Buffer.from('text');

describe('user-to-user authentication', () => {
  it('asks for the acceptor’s ticket first, and gets one sealed in its session key', async () => {
    const shown: Uint8Array[] = [];
    const initiator = createUserToUserInitiator(
      sample,
      async secondTicket => {
        shown.push(secondTicket);
        return { ...makeCredential({ key, kvno: undefined }), isSkey: true };
      },
      { now },
    );
    const { acceptor, legs } = await establish(initiator, createAcceptor({ keytab: [], tgt, now }));
    expect(legs).toBe(4);
    expect(shown.map(ticket => Buffer.from(ticket))).toEqual([Buffer.from(tgt.ticket)]);
    for (const { info } of [initiator, acceptor]) {
      expect(info).toMatchObject({ initiator: alice, acceptor: sample, mechanism: USER_TO_USER });
    }
    expect(Buffer.from(acceptor.unwrap(initiator.wrap(text)).message)).toEqual(text);
    expect(Buffer.from(initiator.unwrap(acceptor.wrap(text)).message)).toEqual(text);
  });

  it('is refused by an acceptor that has no such ticket', async () => {
    const ask = () => createUserToUserInitiator(sample, async () => makeCredential(), { now }).step();
    const acceptor = createAcceptor({ keytab: [], now });
    await expect(acceptor.step(await ask())).rejects.toMatchObject({ major: 'NO_CRED' });
    const generous = createAcceptor({ keytab: [], tgt, now });
    await generous.step(await ask());
    await expect(generous.step(await ask())).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });

  it('is refused to whom came through realms that only the name on the ticket makes harmless', async () => {
    const mallory = parsePrincipal('alice@C.TEST');
    const part = { crealm: 'C.TEST', transited: { trType: 1, contents: Buffer.from('B.TEST') } };
    const named = parsePrincipal('sample/localhost@C.TEST');
    const made = makeCredential({ key, kvno: undefined, client: mallory, server: named, part });
    const initiator = createUserToUserInitiator(named, async () => ({ ...made, isSkey: true }), { now });
    const failure = await establish(initiator, createAcceptor({ keytab: [], tgt, now })).catch(
      error => error,
    );
    expect(failure.cause).toMatchObject({ errorCode: 51 });
  });

  it('takes nothing but a ticket in answer', async () => {
    const initiator = createUserToUserInitiator(sample, async () => makeCredential(), { now });
    const token = await initiator.step();
    await expect(initiator.step(token)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });
});

import { expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { createUserToUserInitiator } from '../../src/gss/user-to-user.ts';
import { acceptContexts } from '../../src/http/contexts.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { alice, makeCredential, sample } from '../ap/made-up.ts';
import { establish, now } from '../gss/support.ts';

it('a service without a keytab accepts by its ticket-granting ticket', async () => {
  const key = randomKey(18);
  const made = makeCredential({ server: parsePrincipal('krbtgt/A.TEST@A.TEST'), client: sample });
  const accept = acceptContexts({ tgt: { ...made, key: toEncryptionKey(key) }, now });
  const acceptor = accept({ keytab: [], channelBindings: undefined });
  const credential = { ...makeCredential({ key, kvno: undefined }), isSkey: true };
  await establish(
    createUserToUserInitiator(sample, async () => credential, { now }),
    acceptor,
  );
  expect(acceptor.info).toMatchObject({ initiator: alice, acceptor: sample });
});

it('are not accepted with a clock skew that is not a number', () => {
  expect(() => acceptContexts({ replayCache: 'none', clockskew: Number.NaN })).toThrow(TypeError);
});

import { describe, expect, it } from 'vitest';
import { requestService } from '../../src/client/service-request.ts';
import { realmPath } from '../../src/config/realm-path.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { alice, later, NOW, refusal, scripted, tgsReply } from '../support/scripted-kdc.ts';

const session = randomKey(18);
const tgt: Credential = {
  client: alice,
  server: tgsPrincipal('A.TEST'),
  key: toEncryptionKey(session),
  authtime: later(0),
  endtime: later(3600),
  flags: 0,
  addresses: [],
  authorizationData: [],
  ticket: Ticket.encode({
    realm: 'A.TEST',
    sname: toPrincipalName(tgsPrincipal('A.TEST')),
    encPart: { etype: 18, cipher: new Uint8Array(40) },
  }),
  secondTicket: new Uint8Array(0),
  isSkey: false,
};

describe('a KDC on the way that names a realm of endless labels', () => {
  it.each([200, 20_000])('does not keep the client busy with %i of them', async labels => {
    const endless = new Array(labels).fill('a').join('.');
    const part = { sname: toPrincipalName(tgsPrincipal(endless)) };
    const transport = scripted(tgsReply(session, { part }), refusal(7));
    const took = await cpuTime(() =>
      expect(
        requestService(tgt, parsePrincipal('host/x@C.TEST'), { transport, now: () => NOW, realmPath }),
      ).rejects.toThrow(KerberosError),
    );
    expect(took).toBeLessThan(2000);
    expect(transport.requests.length).toBeLessThan(20);
  });
});

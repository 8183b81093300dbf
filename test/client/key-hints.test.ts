import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askKeyHints } from '../../src/client/key-hints.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { KerberosError } from '../../src/errors.ts';
import { PA_ETYPE_INFO2 } from '../../src/messages/numbers.ts';
import { EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { alice, asReply, NOW, preauthRequired, refusal, scripted } from '../support/scripted-kdc.ts';
import { createTestRealm } from './realm.ts';

const now = () => NOW;
const salted = (etype: number, salt: string) => ({
  padataType: PA_ETYPE_INFO2,
  padataValue: EtypeInfo2.encode([{ etype, salt }]),
});

describe('what a KDC says of the keys', () => {
  it.each([true, false])('tells each of them, pre-authentication required: %s', async requiresPreauth => {
    const { database, transport } = createTestRealm();
    const client = parsePrincipal('some@A.TEST');
    database.add(client, { password: 'pw', enctypes: [17, 20] }, { requiresPreauth });
    const hints = await askKeyHints(client, { transport, now, enctypes: [20, 18, 17] });
    expect(hints.map(({ etype }) => etype)).toEqual([20, 17]);
    for (const { etype, salt, s2kparams } of hints) {
      const { bytes } = stringToKey(etype, 'pw', salt, s2kparams);
      expect(bytes).toEqual(stringToKey(etype, 'pw', 'A.TESTsome').bytes);
    }
  });

  it('is told of keys whose enctypes no session key can have', async () => {
    const { database, transport } = createTestRealm();
    const client = parsePrincipal('old@A.TEST');
    database.add(client, { password: 'pw', enctypes: [23, 25] });
    const options = { transport, now, enctypes: [18, 17], keyEnctypes: [25, 23, 20] };
    const hints = await askKeyHints(client, options);
    expect(hints.map(({ etype }) => etype)).toEqual([25, 23]);
  });

  it('is asked for one by one where it tells only of the best', async () => {
    const transport = scripted(
      preauthRequired([salted(18, 'salt of 18')]),
      preauthRequired([salted(17, 'salt of 17')]),
      refusal(14),
    );
    const hints = await askKeyHints(alice, { transport, now, enctypes: [17, 18, 20] });
    expect(hints.map(({ etype, salt }) => [etype, Buffer.from(salt).toString()])).toEqual([
      [17, 'salt of 17'],
      [18, 'salt of 18'],
    ]);
    expect(transport.requests).toHaveLength(3);
  });

  it('is nothing where it has none of these keys', async () => {
    const transport = scripted(refusal(14));
    await expect(askKeyHints(alice, { transport, now, enctypes: [18, 17] })).rejects.toMatchObject({
      code: 'ENCTYPE_UNSUPPORTED',
    });
    expect(transport.requests).toHaveLength(1);
  });

  it('is the usual salt where it gives out a ticket without a word', async () => {
    const transport = scripted(asReply(), refusal(14));
    const hints = await askKeyHints(alice, { transport, now, enctypes: [18, 17] });
    expect(hints.map(({ etype, salt }) => [etype, Buffer.from(salt).toString()])).toEqual([
      [18, 'A.TESTalice'],
    ]);
  });

  it('is an error where it does not know the client', async () => {
    const transport = scripted(refusal(6));
    await expect(askKeyHints(alice, { transport, now })).rejects.toMatchObject({ errorCode: 6 });
  });

  it('throws nothing but a KerberosError, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async junk => {
        const outcome = askKeyHints(alice, { transport: async () => junk, now });
        await expect(outcome).rejects.toBeInstanceOf(KerberosError);
      }),
    );
  });
});

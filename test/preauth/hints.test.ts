import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KerberosError } from '../../src/errors.ts';
import { PA_ETYPE_INFO, PA_ETYPE_INFO2, PA_PW_SALT } from '../../src/messages/numbers.ts';
import { EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { defaultSalt, findHints } from '../../src/preauth/hints.ts';

const client = parsePrincipal('host/a.b@R');

describe('what a KDC says of a key', () => {
  it('is by default the salt of RFC 4120: the realm and the components without separators', () => {
    expect(defaultSalt(client)).toBe('Rhosta.b');
    expect(findHints([], [18, 17], { client, etype: 18 })).toEqual({
      etype: 18,
      salt: Buffer.from('Rhosta.b'),
      s2kparams: undefined,
    });
  });

  it('is nothing where it names enctypes and none is acceptable', () => {
    const padataValue = EtypeInfo2.encode([{ etype: 1 }, { etype: 3 }]);
    const padata = [{ padataType: PA_ETYPE_INFO2, padataValue }];
    expect(findHints(padata, [18, 17], { client, etype: 18 })).toBeUndefined();
    expect(
      findHints([{ padataType: PA_ETYPE_INFO2, padataValue: EtypeInfo2.encode([]) }], [18], {
        client,
        etype: 18,
      }),
    ).toBeUndefined();
  });

  it('keeps the bytes of a salt that is no UTF-8', () => {
    const salt = Uint8Array.of(0x41, 0xe4, 0xff, 0x42);
    const padataValue = EtypeInfo2.encode([{ etype: 18, salt: 'A\udce4\udcffB' }]);
    const hints = findHints([{ padataType: PA_ETYPE_INFO2, padataValue }], [18], { client, etype: 18 });
    expect(Uint8Array.from(hints!.salt)).toEqual(salt);
  });

  it('is a hint or a KerberosError, whatever the bytes', () => {
    const padataType = fc.constantFrom(PA_ETYPE_INFO2, PA_ETYPE_INFO, PA_PW_SALT);
    const padata = fc.array(fc.record({ padataType, padataValue: fc.uint8Array({ maxLength: 40 }) }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(padata, offers => {
        try {
          const hints = findHints(offers, [18, 17], { client, etype: 18 });
          expect([undefined, 18, 17]).toContain(hints?.etype);
        } catch (error) {
          expect(error).toBeInstanceOf(KerberosError);
        }
      }),
    );
  });
});

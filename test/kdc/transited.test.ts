import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToText, textToBytes } from '../../src/codec/text.ts';
import { expandTransited } from '../../src/config/realm-path.ts';
import { compressTransited, transitedBy } from '../../src/kdc/transited.ts';
import { KDC_ERR_TRTYPE_NOSUPP } from '../../src/messages/error-codes.ts';
import type { EncTicketPart } from '../../src/messages/ticket.ts';

describe('the realms on the way', () => {
  it('are compressed as RFC 4120 §3.3.3.2 shows', () => {
    const realms = ['EDU', 'MIT.EDU', 'ATHENA.MIT.EDU', 'WASHINGTON.EDU', 'CS.WASHINGTON.EDU'];
    expect(compressTransited(realms)).toBe('EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.');
    const x500 = ['/COM', '/COM/HP', '/COM/HP/APOLLO', '/COM/DEC'];
    expect(compressTransited(x500)).toBe('/COM,/HP,/APOLLO, /COM/DEC');
    expect(compressTransited([])).toBe('');
  });

  it('come back as they were', () => {
    const label = fc.stringMatching(/^[A-Z\\,][A-Z0-9\\, ]{0,6}$/);
    const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => labels.join('.'));
    const x500 = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => `/${labels.join('/')}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(domain, x500), { maxLength: 8 }), realms => {
        expect(expandTransited(compressTransited(realms), 'CLIENT', 'SERVER')).toEqual(realms);
      }),
    );
  });
});

describe('a ticket of another realm', () => {
  const here = 'A.TEST';
  const policy = { maxLife: 1, maxRenewableLife: 1, requiresPreauth: true };
  const CAPATHS = { 'C.TEST': { [here]: ['B.TEST', 'D.TEST'] } };

  function way(crealm: string, issuer: string, before = '', capaths = {}, trType = 1): string {
    const part = { crealm, transited: { trType, contents: textToBytes(before) } } as EncTicketPart;
    return bytesToText(transitedBy({ part, issuer, realm: here }, { ...policy, capaths }, 0).contents);
  }

  it('adds its realm, but for that of the client', () => {
    expect(way('C.TEST', 'C.TEST')).toBe('');
    expect(way('C.TEST', 'B.TEST', '', CAPATHS)).toBe('B.TEST');
    expect(way('C.TEST', 'D.TEST', 'B.TEST', CAPATHS)).toBe('B.TEST,D.TEST');
    expect(way('C.TEST', 'B.TEST', 'B.TEST', CAPATHS)).toBe('B.TEST');
  });

  it('may have come through the hierarchy of both names', () => {
    expect(way('X.B.TEST', 'B.TEST')).toBe('B.TEST');
    expect(way('X.B.TEST', 'TEST', ',B.TEST')).toBe('B.TEST,TEST');
  });

  it('is refused for an encoding that is unknown, as RFC 4120 §3.3.3 says', () => {
    expect(() => way('C.TEST', 'B.TEST', '', CAPATHS, 2)).toThrow(
      expect.objectContaining({ errorCode: KDC_ERR_TRTYPE_NOSUPP }),
    );
  });

  it.each([
    ['a realm beside the way', () => way('C.TEST', 'E.TEST', '', CAPATHS)],
    ['a realm beside the way, earlier', () => way('C.TEST', 'B.TEST', 'E.TEST', CAPATHS)],
    ['realms that nobody has named', () => way('C.TEST', 'B.TEST')],
    ['realms that cannot be', () => way('C.TEST', 'B.TEST', ',', CAPATHS)],
  ])('is refused for %s', (_, ask) => {
    expect(ask).toThrow();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NT_ENTERPRISE, NT_PRINCIPAL, NT_SRV_INST, NT_WELLKNOWN } from '../../src/messages/numbers.ts';
import {
  formatPrincipal,
  isTgs,
  parsePrincipal,
  samePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';

const parse = (text: string, nameType?: number) => parsePrincipal(text, { defaultRealm: 'R', nameType });

describe('a principal as text', () => {
  it.each([
    ['alice', ['alice'], 'R'],
    ['alice@B', ['alice'], 'B'],
    ['host/a.b@B', ['host', 'a.b'], 'B'],
    ['a/b/c', ['a', 'b', 'c'], 'R'],
    ['a\\/b', ['a/b'], 'R'],
    ['a\\@b@C', ['a@b'], 'C'],
    ['a\\\\b', ['a\\b'], 'R'],
    ['a\\nb\\tc', ['a\nb\tc'], 'R'],
    ['with space', ['with space'], 'R'],
    ['a@B\\/C', ['a'], 'B/C'],
    ['a@', ['a'], ''],
    ['@R', [''], 'R'],
    ['', [''], 'R'],
    ['/', ['', ''], 'R'],
    ['jürgen', ['jürgen'], 'R'],
  ])('%j is taken apart as MIT does', (text, components, realm) => {
    expect(parse(text)).toMatchObject({ components, realm });
  });

  it.each(['a@b@c', 'a@B/C', 'a\\', 'a\0b'])('%j is malformed', text => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'PRINCIPAL_MALFORMED' }));
  });

  it('needs a realm', () => {
    expect(() => parsePrincipal('a')).toThrow(expect.objectContaining({ code: 'CONFIG_NO_DEFAULT_REALM' }));
  });

  it('may be an enterprise name, which keeps its first @', () => {
    expect(parse('a/x@b.com', NT_ENTERPRISE)).toEqual({
      nameType: NT_ENTERPRISE,
      components: ['a/x@b.com'],
      realm: 'R',
    });
    expect(parse('a@b.com@C', NT_ENTERPRISE)).toMatchObject({ components: ['a@b.com'], realm: 'C' });
    expect(formatPrincipal(parse('a@b.com', NT_ENTERPRISE))).toBe('a\\@b.com@R');
  });

  it('is made of text, and nothing else is taken for one', () => {
    expect(() => parse(undefined as never)).toThrow(new TypeError("a principal's name is a string"));
    const message = 'a principal is what parsePrincipal makes';
    expect(() => toPrincipalName('alice@R' as never)).toThrow(new TypeError(message));
  });

  it('tells its type by its form', () => {
    expect(parse('krbtgt/R').nameType).toBe(NT_SRV_INST);
    expect(parse('WELLKNOWN/ANONYMOUS').nameType).toBe(NT_WELLKNOWN);
    expect(parse('host/x').nameType).toBe(NT_PRINCIPAL);
    expect(isTgs(parse('krbtgt/B@A'))).toBe(true);
    expect(samePrincipal(parse('krbtgt/R@R'), tgsPrincipal('R'))).toBe(true);
  });

  it('comes back the same after it was written', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 12 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), name, (components, realm) => {
        const principal = { nameType: NT_PRINCIPAL, components, realm };
        expect(samePrincipal(parse(formatPrincipal(principal)), principal)).toBe(true);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { onlyMatch } from '../../src/preauth/pkinit/match.ts';
import { certify } from '../support/pki.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SC_LOGIN = '1.3.6.1.4.1.311.20.2.2';
const alice = parsePrincipal('alice@A.TEST');
const authority = certify('Lab CA', { ca: true });
const other = certify('Other, Inc. + "CA"', { ca: true });

const candidates = {
  signs: certify('alice signs', { issuer: authority, principals: [alice], keyUsage: 0x80000000 }),
  both: certify('alice both', {
    issuer: authority,
    upn: 'alice@corp.test',
    purposes: [SC_LOGIN, CLIENT_AUTH],
    keyUsage: 0xa0000000,
  }),
  bare: certify('alice ü', { issuer: other }),
};

function chosen(...rules: string[]): string | undefined {
  const found = onlyMatch(Object.values(candidates), rules);
  return Object.entries(candidates).find(([, candidate]) => candidate === found)?.[0];
}

describe('a rule of pkinit_cert_match', () => {
  it.each([
    ['<SUBJECT>signs', 'signs'],
    ['<SUBJECT>^CN=alice both$', 'both'],
    ['<SUBJECT>ü', 'bare'],
    ['<SUBJECT>SIGNS', undefined],
    ['<SUBJECT>alice', undefined],
    ['<ISSUER>^CN=Other, Inc[.] \\+ "CA"$', 'bare'],
    ['<SAN>^alice@A.TEST$', 'signs'],
    ['<SAN>@corp', 'both'],
    ['<EKU>msScLogin,clientAuth', 'both'],
    ['<EKU>mssclogin', 'both'],
    ['<EKU>msScLogin,pkinit', undefined],
    ['<KU>keyEncipherment', 'both'],
    ['<KU>digitalSignature,keyEncipherment,', 'both'],
    ['<KU>digitalSignature', undefined],
    ['&&<SUBJECT>alice<EKU>clientAuth', 'both'],
    ['<SUBJECT>alice<SAN>A.TEST', 'signs'],
    ['<SUBJECT>signs<SUBJECT>nobody', undefined],
    ['||<SUBJECT>signs<SUBJECT>nobody', 'signs'],
    ['||<SUBJECT>signs<SUBJECT>both', undefined],
    ['<SUBJECT><x>|both', 'both'],
    ['', undefined],
  ])('%s chooses %s', (rule, name) => {
    expect(chosen(rule)).toBe(name);
  });

  it('that chooses nothing, or too much, or says nothing, leaves it to the next', () => {
    const rules = ['<SUBJECT>nobody', '<SUBJECT>alice', '<KU>bogus', '<EKU>', '<SUBJECT>'];
    expect(chosen(...rules, '<SUBJECT>both', '<SUBJECT>signs')).toBe('both');
  });

  it.each([
    ['<FOO>x', 'it must begin with a keyword such as <SUBJECT>'],
    ['|| <SUBJECT>x', 'it must begin with a keyword such as <SUBJECT>'],
    ['<SUBJECT>a(b', "'a(b' is not a regular expression"],
  ])('%s leaves no choice', (rule, reason) => {
    expect(() => chosen(rule, '<SUBJECT>both')).toThrow(`Cannot read pkinit_cert_match '${rule}': ${reason}`);
  });
});

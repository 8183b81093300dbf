import { describe, expect, it } from 'vitest';
import { lastingKeyrings } from '../../src/ccache/keyring/user.ts';

const shown = `025807b0 I--Q---     2 perm 1f3f0000  1000 65534 keyring   _uid.1000: 5
0386a398 I--Q---     1 perm 3f010000  1000  1000 keyring   _krb_a b: 1
3a10d3af I------     1   2d 1f030000  1000 65534 keyring   _persistent.1000: 1
004ab868 I--Q---     1 perm 3f010000  1000  1000 user      krb_ccache:primary: 11
03000001 I--Q---     1 perm 3f010000     0     0 keyring   _uid.0: empty
`;

describe('keyrings that outlive sessions', () => {
  it('are known by what the kernel tells of keys', () => {
    expect(lastingKeyrings(shown, 1000)).toEqual({ user: true, persistent: true });
    expect(lastingKeyrings(shown.replace(/.*_persistent.*\n/, ''), 1000)).toEqual({
      user: true,
      persistent: false,
    });
    expect(lastingKeyrings(shown.replace('_krb_a b', '_krb'), 1000).persistent).toBe(true);
  });

  it.each([
    ['without a collection', shown.replace('_krb_a b', '_krbx'), 1000],
    ['with the collections of somebody else', shown, 0],
    ['where nothing is told', '', 1000],
    ['where keys only are called like collections', shown.replace('keyring   _krb', 'user      _krb'), 1000],
  ])('are not looked at %s', (_, keys, uid) => {
    expect(lastingKeyrings(keys, uid)).toEqual({ user: false, persistent: false });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyNode, parseKeyTree } from '../../src/ccache/keyring/tree.ts';
import { cpuTime } from '../support/cpu-time.ts';

const shown = String.raw`Keyring
 923233529 --alswrv      0     0  keyring: _krb_foo
 368977937 --alswrv      0     0   \_ user: krb_ccache:primary
 299268279 --alswrv      0     0   \_ keyring: foo
 521468203 --alswrv      0     0   |   \_ user: __krb5_princ__
303913361: key inaccessible (Key has expired)
1057363560 --alswrv      0     0   |   \_ big_key: krb5_ccache_conf_data/pa_type/krbtgt\/A.TEST\@A.TEST@X-CACHECONF:
  26788704 ---lswrv   1000    -1   \_ keyring: krb_ccache_x y
 899587300 --alswrv      0     0       \_ keyring: deeper: and deeper
 285995090 --alswrv      0     0           \_ user: last
`;

const leaf = (id: string, type: string, name: string, children: KeyNode[] = []): KeyNode => ({
  id,
  type,
  name,
  children,
});

describe('what keyctl shows of a keyring', () => {
  it('becomes a tree, without the keys that are out of reach', () => {
    expect(parseKeyTree(shown)).toEqual(
      leaf('923233529', 'keyring', '_krb_foo', [
        leaf('368977937', 'user', 'krb_ccache:primary'),
        leaf('299268279', 'keyring', 'foo', [
          leaf('521468203', 'user', '__krb5_princ__'),
          leaf(
            '1057363560',
            'big_key',
            String.raw`krb5_ccache_conf_data/pa_type/krbtgt\/A.TEST\@A.TEST@X-CACHECONF:`,
          ),
        ]),
        leaf('26788704', 'keyring', 'krb_ccache_x y', [
          leaf('899587300', 'keyring', 'deeper: and deeper', [leaf('285995090', 'user', 'last')]),
        ]),
      ]),
    );
  });

  it.each(['', 'Keyring\n', 'Keyring\n12: key inaccessible (Key has been revoked)\n', 'Unable to read\n'])(
    'is nothing where it says %j',
    text => {
      expect(parseKeyTree(text)).toBeUndefined();
    },
  );

  it('takes whatever it may be', () => {
    const line = fc.oneof(fc.constantFrom(...shown.split('\n')), fc.string());
    fc.assert(
      fc.property(fc.array(line), lines => {
        const tree = parseKeyTree(lines.join('\n'));
        expect(tree === undefined || /^\d+$/.test(tree.id)).toBe(true);
      }),
    );
  });

  it('is quickly read, however long', async () => {
    const deep = `${' |  '.repeat(50_000)}\n`.repeat(4);
    const long = `${deep}${shown} 1 --alswrv 0 0  ${'    '.repeat(100_000)}`;
    expect(await cpuTime(() => parseKeyTree(long))).toBeLessThan(5000);
  });
});

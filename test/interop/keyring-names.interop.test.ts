import { describe, expect, it, vi } from 'vitest';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { keyringType } from '../../src/ccache/keyring.ts';
import type { Principal } from '../../src/messages/principal.ts';
import { environment } from '../ccache/samples.ts';
import { alice, credential, tgt } from '../ccache/tickets.ts';
import { useKeyringLab } from '../support/keyring-lab.ts';
import { describePeer } from '../support/peers.ts';

vi.setConfig({ testTimeout: 120_000 });

describePeer('keyutils', () => {
  const lab = useKeyringLab();
  const ringId = async (name: string) => (await lab.session.keyctl('search', '@s', 'keyring', name)).trim();

  describePeer('mit-client', () => {
    it.each([
      '',
      'x',
      'session:',
      'session::',
      'session:x',
      'session:x:',
      'session:x:y',
      'session:x:y:z',
      'legacy:x',
      'user:UNIQUE',
      'user:UNIQUE:x',
    ])('says the same of KEYRING:%s, where there is none', async residual => {
      for (const line of ['klist', 'klist -l', 'klist -s', 'kswitch -p alice@A.TEST']) {
        await lab.expectSame(line, `KEYRING:${residual.replace('UNIQUE', lab.unique)}`);
      }
    });

    it.each([':', '::', ':::', 'bogus:x', 'Session:x', 'persistent:abc', 'persistent:-', 'persistent:0x10'])(
      'says the same of KEYRING:%s, which cannot be',
      async residual => {
        for (const line of ['klist', 'klist -s', 'kvno x@A.TEST', 'kdestroy']) {
          await lab.expectSame(line, `KEYRING:${residual}`);
        }
        await lab.expectSame(`kswitch -c KEYRING:${residual}`, 'KEYRING:session:x');
      },
    );

    it('says the same of collections that are broken', async () => {
      const name = 'KEYRING:session:foo';
      await lab.theirs('klist', name);
      const ring = await ringId('_krb_foo');
      const primary = (payload: string) =>
        lab.session.run('keyctl', ['padd', 'user', 'krb_ccache:primary', ring], {}, payload);
      for (const payload of [
        '\0\0\0\x02\0\0\0\x03foo',
        '\0\0\0\x01\0\0\0\x07foo',
        '\0\0\0\x01\0',
        '\0\0\0\x01\0\0\0\x03foobar',
      ]) {
        await primary(payload);
        const { status, stderr } = await lab.theirs('klist', name);
        const sentence = stderr.replace(' while resolving ccache', '');
        expect(await lab.ours('klist', name)).toEqual({ status, stdout: '', stderr: sentence });
        await lab.expectSame('klist -s', name);
      }
      const cache = (await lab.session.keyctl('newring', 'foo', ring)).trim();
      await lab.expectSame('klist', name);
      await lab.expectSame('klist -l', name);
      await lab.session.run('keyctl', ['padd', 'user', '__krb5_princ__', cache], {}, '\0\0');
      await lab.expectSame('klist', name);
      await lab.expectSame('klist -l', name);
    });

    it('is dropped by the kernel with its last ticket', async () => {
      const cache = keyringType.resolve(`user:${lab.unique}`, environment(lab.home));
      const soon = { ...tgt, endtime: new Date(Date.now() + 2000) };
      await cache.initialize({ principal: alice, credentials: [soon], kdcOffset: undefined });
      const name = `KEYRING:${cache.residual}`;
      await expect
        .poll(async () => (await lab.theirs('klist', name)).stderr, { timeout: 30_000 })
        .toBe(`klist: Credentials cache keyring 'user:${lab.unique}:${lab.unique}' not found\n`);
      await lab.expectSame('klist', name);
      await lab.expectSame('klist -l', `KEYRING:user:${lab.unique}`);
    });

    describe('with names of every kind', () => {
      const realm = 'A.TEST';
      const names: readonly (readonly string[])[] = [
        ['we ird'],
        ['a/b', 'c@d', 'e\\f'],
        ['Jürgen'],
        [`quo'te"d`, '$(id)`id`;*?#%s%n'],
        ['line\nbreak', 'tab\there', 'nul\0', 'bell\x07'],
        ['\udce9', '\udcff\udc80'],
        ['', ''],
        ['-x'],
        ['x'.repeat(1000)],
      ];
      const ends = new Date(Math.floor(Date.now() / 1000 + 36_000) * 1000);

      it.each(names)('%j', async (...components) => {
        const principal: Principal = { nameType: 1, components, realm };
        const more = { client: principal, endtime: ends };
        const contents: CacheContents = {
          principal,
          credentials: [
            { ...tgt, ...more },
            credential('x@A.TEST', { ...more, server: principal }),
            configEntry(principal, 'pa_type', principal, Uint8Array.of(0x32)),
            configEntry(principal, `of ${components[0]!.slice(0, 8)}`, undefined, Uint8Array.of(0, 1, 0xff)),
          ],
          kdcOffset: -1500.25,
        };
        const cache = keyringType.resolve(`user:${lab.unique}`, environment(lab.home));
        await cache.initialize(contents);
        const loaded = await cache.load();
        expect(loaded).toMatchObject({ principal, kdcOffset: -1500.25 });
        expect(new Set(loaded.credentials)).toEqual(new Set(contents.credentials));
        const name = `KEYRING:user:${lab.unique}`;
        for (const line of ['klist -efC', 'klist -l', 'klist -A']) {
          expect(await lab.expectSame(line, name)).toMatchObject({ status: 0, stderr: '' });
        }
      });
    });
  });
});

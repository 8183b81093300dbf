import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isRoot } from '../ccache/samples.ts';
import { useKeyringLab } from '../support/keyring-lab.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

const bin = join(import.meta.dirname, '../../bin');

vi.setConfig({ testTimeout: 120_000 });

let kdc: MitKdc | undefined;

describePeer('keyutils', () => {
  const lab = useKeyringLab(() => kdc?.krb5Conf);
  const both = [
    { who: 'ours', run: lab.ours },
    { who: 'theirs', run: lab.theirs },
  ];

  async function owners(name: string): Promise<readonly string[]> {
    const { stdout } = await lab.expectSame('klist -l', name);
    return stdout
      .split('\n')
      .slice(2, -1)
      .map(line => line.split(' ')[0]!);
  }

  /** A keyring and what is in it, each as `type;uid;gid;permissions;name`, with the payloads of keys; in order of name. */
  async function describeKeys(name: string): Promise<readonly string[]> {
    const ids = (await lab.session.keyctl('rlist', await ringId(name))).trim().split(/\s+/);
    const lines: string[] = [];
    for (const id of ids) {
      const description = (await lab.session.keyctl('rdescribe', id)).trim();
      lines.push(`${description} ${(await lab.session.keyctl('print', id)).trim()}`);
    }
    return lines.sort();
  }

  async function ringId(name: string): Promise<string> {
    return (await lab.session.keyctl('search', '@s', 'keyring', name)).trim();
  }

  describePeer('mit-kdc', () => {
    beforeAll(async () => {
      kdc = await startMitKdc({
        principals: ['addprinc -pw bobpw bob', 'addprinc -randkey -maxlife "5 sec" brief/localhost'],
      });
    });
    afterAll(async () => {
      await kdc?.stop();
      kdc = undefined;
    });

    const pairs = both.flatMap(first => both.map(second => ({ first, second })));
    const places = [
      { place: 'session', residual: () => 'session:foo', first: 'session:foo:foo' },
      { place: 'old session', residual: () => 'foo', first: 'legacy:foo:foo' },
      { place: 'user', residual: () => `user:${lab.unique}`, first: /user:krb5kit-\w+:krb5kit-\w+/.source },
      {
        place: 'persistent',
        residual: () => `persistent:${lab.uid}`,
        first: /persistent:\d+:\d+/.source,
      },
    ].filter(({ place }) => isRoot || place !== 'persistent');

    describe.each(places)('in the $place keyring', ({ residual, first: firstName }) => {
      it.each(pairs)('$first.who and $second.who fill one collection', async ({ first, second }) => {
        const name = `KEYRING:${residual()}`;
        expect(await first.run('kinit -V alice', name, 'alicepw\n')).toMatchObject({
          status: 0,
          stderr: expect.stringMatching(new RegExp(`^Using default cache: ${firstName}\n`)),
        });
        expect(await second.run('kinit -V bob', name, 'bobpw\n')).toMatchObject({
          status: 0,
          stderr: expect.stringMatching(/^Using new cache: \S+:\S*:krb_ccache_\w{7}\n/),
        });
        expect(await first.run('kvno host/localhost', name)).toMatchObject({ status: 0 });
        expect(await second.run('kvno HTTP/localhost', name)).toMatchObject({ status: 0 });
        for (const line of ['klist -A', 'klist -efC', 'klist -AC', 'klist -s']) {
          expect(await lab.expectSame(line, name)).toMatchObject({ status: 0, stderr: '' });
        }
        expect((await lab.expectSame('klist', name)).stdout).toMatch(
          /^(?=.*HTTP\/localhost)(?=.*host\/localhost)/s,
        );
        expect(await owners(name)).toEqual(['bob@A.TEST', 'alice@A.TEST']);
        expect(await second.run('kinit -V alice', name, 'alicepw\n')).toMatchObject({
          status: 0,
          stderr: expect.stringMatching(new RegExp(`^Using existing cache: ${firstName}\n`)),
        });
        expect(await owners(name)).toEqual(['alice@A.TEST', 'bob@A.TEST']);
        const silence = { status: 0, stdout: '', stderr: '' };
        expect(await first.run('kswitch -p bob', name)).toEqual(silence);
        expect(await owners(name)).toEqual(['bob@A.TEST', 'alice@A.TEST']);
        expect(await second.run('kdestroy', name)).toMatchObject({
          status: 0,
          stderr: 'Other credential caches present, use -A to destroy all\n',
        });
        expect(await owners(name)).toEqual(['alice@A.TEST']);
        expect(await first.run('kdestroy -p alice', name)).toEqual(silence);
        expect(await owners(name)).toEqual([]);
        await second.run('kinit alice', name, 'alicepw\n');
        expect(await first.run('kdestroy -A', name)).toEqual(silence);
        expect(await owners(name)).toEqual([]);
      });
    });

    it('leaves the keys that MIT leaves, byte by byte, and to the same', async () => {
      for (const [theirName, ourName] of [
        ['KEYRING:session:theirs', 'KEYRING:session:ours'],
        ['KEYRING:old', 'KEYRING:new'],
      ] as const) {
        await lab.theirs('kinit alice', theirName, 'alicepw\n');
        await lab.theirs('kvno host/localhost', theirName);
        expect(await lab.ours(`krb5kit cache copy ${theirName} ${ourName}`, theirName)).toMatchObject({
          status: 0,
        });
        const [theirRing = '', ourRing = ''] = [theirName, ourName].map(name => name.split(':').at(-1));
        expect(await describeKeys(ourRing)).toEqual(await describeKeys(theirRing));
        const rings = await Promise.all(
          [theirRing, ourRing]
            .flatMap(ring => [ring, `_krb_${ring}`])
            .map(async ring => {
              const description = await lab.session.keyctl('rdescribe', await ringId(ring));
              return description.replace(/theirs|ours|old|new/, '');
            }),
        );
        expect(rings.slice(2)).toEqual(rings.slice(0, 2));
      }
      // Libraries of the time before collections look there.
      const top = await lab.session.keyctl('rlist', '@s');
      expect(top.split(/\s+/)).toContain(await ringId('new'));
    });

    it('has one collection under its name and the old one', async () => {
      for (const { run } of both) {
        await run('kinit alice', 'KEYRING:session:foo', 'alicepw\n');
        expect(await owners('KEYRING:foo')).toEqual(['alice@A.TEST']);
        expect(await lab.ours('kdestroy', 'KEYRING:foo')).toEqual({ status: 0, stdout: '', stderr: '' });
        expect(await owners('KEYRING:session:foo')).toEqual([]);
      }
    });

    it('leaves nothing behind when kinit fails', async () => {
      const name = 'KEYRING:session:foo';
      await lab.ours('kinit alice', name, 'alicepw\n');
      const before = await lab.session.keyctl('show', '@s');
      expect(await lab.ours('kinit bob', name, 'wrong\n')).toMatchObject({ status: 1 });
      expect(await lab.session.keyctl('show', '@s')).toBe(before);
    });

    it('is the old cache or the new one when its writer is killed, with nothing beside it', async () => {
      const name = 'KEYRING:session:foo';
      await lab.theirs('kinit alice', name, 'alicepw\n');
      await lab.theirs('kvno host/localhost HTTP/localhost sample/localhost', name);
      await lab.ours(`krb5kit cache copy ${name} KEYRING:session:bar`, name);
      const copy = [
        process.execPath,
        join(bin, 'krb5kit'),
        'cache',
        'copy',
        '--force',
        name,
        'KEYRING:session:bar',
      ];
      for (let delay = 0.1; delay < 0.6; delay += 0.05) {
        const env = { HOME: lab.home, KRB5KIT_HOME: join(lab.home, 'data') };
        await lab.session.run('timeout', ['-s', 'KILL', delay.toFixed(2), ...copy], env);
        expect(await lab.expectSame('klist', 'KEYRING:session:bar')).toMatchObject({ status: 0, stderr: '' });
      }
      await expect
        .poll(() => lab.session.keyctl('show', '@s'), { timeout: 20_000 })
        .not.toContain('krb5kit-');
    });

    it('shows what is left when a ticket has expired, and puts MIT right with the next one', async () => {
      const name = 'KEYRING:session:foo';
      await lab.theirs('kinit alice', name, 'alicepw\n');
      await lab.theirs('kvno brief/localhost', name);
      await expect
        .poll(async () => (await lab.theirs('klist', name)).stderr, { timeout: 30_000 })
        .toBe('klist: No credentials cache found while retrieving a ticket\n');
      const { status, stdout } = await lab.ours('klist', name);
      expect(status).toBe(0);
      expect(stdout).toContain('krbtgt/A.TEST@A.TEST');
      expect(stdout).not.toContain('brief/localhost');
      expect(await lab.ours('kvno host/localhost', name)).toMatchObject({ status: 0 });
      expect(await lab.expectSame('klist -C', name)).toMatchObject({ status: 0, stderr: '' });
    });

    it('has a cache end when its tickets do', async () => {
      const name = 'KEYRING:session:foo';
      await lab.ours('kinit alice', name, 'alicepw\n');
      await lab.ours('kinit short', name, 'shortpw\n');
      await expect.poll(async () => (await lab.theirs('klist', name)).status, { timeout: 30_000 }).toBe(1);
      await lab.expectSame('klist', name);
      expect(await owners(name)).toEqual(['alice@A.TEST']);
      expect(await lab.ours('kinit short', name, 'shortpw\n')).toMatchObject({ status: 0 });
    });

    it('is renewed and validated in its place', async () => {
      const name = 'KEYRING:session:foo';
      await lab.ours('kinit -r 1d alice', name, 'alicepw\n');
      expect(await lab.ours('kinit -R', name)).toMatchObject({ status: 0 });
      expect(await lab.theirs('kinit -R', name)).toMatchObject({ status: 0 });
      expect(await owners(name)).toEqual(['alice@A.TEST']);
    });

    it('is listed, copied, moved, swept and logged out of as any other', async () => {
      const name = 'KEYRING:session:foo';
      await lab.ours('kinit alice', name, 'alicepw\n');
      await lab.ours('kvno host/localhost', name);
      const file = `FILE:${join(lab.home, 'cc')}`;
      expect(await lab.ours(`krb5kit cache copy ${name} ${file}`, name)).toMatchObject({ status: 0 });
      expect((await lab.theirs('klist', file)).stdout).toContain('host/localhost@A.TEST');
      expect(await lab.ours(`krb5kit cache move ${file} KEYRING:session:bar`, name)).toMatchObject({
        status: 0,
      });
      expect((await lab.expectSame('klist', 'KEYRING:session:bar')).stdout).toContain(
        'host/localhost@A.TEST',
      );
      expect((await lab.ours('krb5kit cache list', name)).stdout).toContain(
        'KEYRING:session:foo:foo  alice@A.TEST',
      );
      expect(await lab.ours('krb5kit cache remove host/localhost', name)).toMatchObject({ status: 0 });
      expect((await lab.expectSame('klist', name)).stdout).not.toContain('host/localhost');
      await lab.ours('kinit bob', name, 'bobpw\n');
      const { stdout } = await lab.ours('krb5kit logout', name);
      expect(stdout.split('\n')).toEqual([
        expect.stringMatching(/^Destroyed KEYRING:session:foo:krb_ccache_\w{7} of bob@A\.TEST$/),
        'Destroyed KEYRING:session:foo:foo of alice@A.TEST',
        '',
      ]);
      expect(await owners(name)).toEqual([]);
      expect(await owners('KEYRING:session:bar')).toEqual(['alice@A.TEST']);
    });

    it('is switched to by its name', async () => {
      const name = 'KEYRING:session:foo';
      await lab.ours('kinit alice', name, 'alicepw\n');
      await lab.ours('kinit bob', name, 'bobpw\n');
      for (const { run } of both) {
        for (const which of ['session:foo:foo', 'session:foo', 'session:foo:none', 'session:other:x']) {
          expect(await run(`kswitch -c KEYRING:${which}`, name)).toEqual({
            status: 0,
            stdout: '',
            stderr: '',
          });
          await lab.expectSame('klist', name);
        }
        await run('kswitch -p bob', name);
      }
      expect(await owners('KEYRING:session:foo:foo')).toEqual(['alice@A.TEST']);
      await lab.expectSame('kswitch -p bob', 'KEYRING:session:foo:foo');
    });
  });
});

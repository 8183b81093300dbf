import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { kpasswd } from '../../src/cli/kpasswd.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

const POLICY = 'addpol -minlength 8 -minclasses 2 -history 2 strict';

describePeer('mit-kadmind', () => describePeer('mit-client', suite));

function suite(): void {
  let kdc: MitKdc;
  let env: Environment;

  beforeAll(async () => {
    kdc = await startMitKdc({
      passwordServer: true,
      principals: [
        POLICY,
        'addprinc -pw bobpw1BOB -policy strict bob',
        'addprinc -pw oneadminpw admin/admin',
        'addprinc -pw needpw +needchange need',
        ...Array.from(
          { length: 8 },
          (_, i) => `addprinc -pw oldPW12345 -policy strict -pwexpire "2 hours ago" exp${i}`,
        ),
        ...['one', 'two', 'jürgen'].map(name => `addprinc -pw old${name} ${name}`),
      ],
    });
    env = { ...kdc.env, KRB5CCNAME: `FILE:${kdc.dir}/none` };
  });
  afterAll(() => kdc?.stop());

  const lines = (...passwords: string[]): string => passwords.map(text => `${text}\n`).join('');

  async function expectPassword(principal: string, password: string): Promise<void> {
    expect(await ours(kinit, ['-c', `${kdc.dir}/cc`, principal], env, `${password}\n`)).toMatchObject({
      status: 0,
      stderr: '',
    });
  }

  it('changes a password', async () => {
    const said = await ours(kpasswd, ['one'], env, lines('oldone', 'newone', 'newone'));
    expect(said).toEqual({
      status: 0,
      stderr: '',
      stdout: 'Password for one@A.TEST: \nEnter new password: \nEnter it again: \nPassword changed.\n',
    });
    await expectPassword('one', 'newone');
  });

  it('is set by an administrator for another principal', async () => {
    const words = ['--admin-principal', 'admin/admin', 'two'];
    expect(await ours(kpasswd, words, env, lines('oneadminpw', 'settwo', 'settwo'))).toEqual({
      status: 0,
      stderr: '',
      stdout:
        'Password for admin/admin@A.TEST: \nEnter new password: \nEnter it again: \nPassword changed.\n',
    });
    await expectPassword('two', 'settwo');
    const json = [...words, '--json'];
    expect((await ours(kpasswd, json, env, lines('oneadminpw', 'oldtwo', 'oldtwo'))).stdout).toBe(
      '{"principal":"two@A.TEST","changed":true}\n',
    );
    await expectPassword('two', 'oldtwo');
  });

  it('is set by nobody else for another principal', async () => {
    const words = ['--admin-principal=alice', 'one'];
    const said = await ours(kpasswd, words, env, lines('alicepw', 'mine', 'mine'));
    expect(said.status).toBe(2);
    expect(said.stdout).toMatch(/Access denied|Insufficient|unauthorized|not authorized/i);
  });

  it('changes one that is not ASCII, of a name that is not', async () => {
    const said = await ours(kpasswd, ['jürgen'], env, lines('oldjürgen', 'pässwörd', 'pässwörd'));
    expect(said).toMatchObject({ status: 0, stderr: '' });
    await expectPassword('jürgen', 'pässwörd');
  });

  it('changes one that has expired, or that must be changed', async () => {
    expect(await ours(kpasswd, ['expired'], env, lines('expiredpw', 'fresh1', 'fresh1'))).toMatchObject({
      status: 0,
      stderr: '',
    });
    await expectPassword('expired', 'fresh1');
    expect(await ours(kpasswd, ['need'], env, lines('needpw', 'fresh2', 'fresh2'))).toMatchObject({
      status: 0,
      stderr: '',
    });
    await expectPassword('need', 'fresh2');
  });

  it('takes the principal of the default cache', async () => {
    const cached = { ...env, KRB5CCNAME: `FILE:${kdc.dir}/two` };
    await ours(kinit, ['two'], cached, 'oldtwo\n');
    const said = await ours(kpasswd, [], cached, lines('oldtwo', 'newtwo', 'newtwo'));
    expect(said.stdout).toMatch(/^Password for two@A\.TEST: \n/);
    await expectPassword('two', 'newtwo');
  });

  it('has the password changed over TCP as well', async () => {
    const path = `${kdc.dir}/tcp.conf`;
    const { readFileSync, writeFileSync } = await import('node:fs');
    const text = readFileSync(kdc.krb5Conf, 'utf8');
    writeFileSync(path, text.replace('[libdefaults]\n', '[libdefaults]\n  udp_preference_limit = 1\n'));
    const said = await ours(
      kpasswd,
      ['sha2user'],
      { ...env, KRB5_CONFIG: path },
      lines('sha2pw', 'x1', 'x1'),
    );
    expect(said).toMatchObject({ status: 0, stderr: '' });
    await expectPassword('sha2user', 'x1');
  });

  describe('is done by kinit for a password that has expired', () => {
    // Each of the two programs has a principal of its own, as the password can be changed once.
    let next = 0;
    async function both(...typed: string[]): Promise<void> {
      const said: unknown[] = [];
      for (const program of [ours, theirs]) {
        const name = `exp${next++}`;
        const { status, stdout, stderr } = await program(
          kinit,
          ['-c', `${kdc.dir}/${name}`, name],
          env,
          lines(...typed),
        );
        said.push([status, stdout.replaceAll(name, 'exp'), stderr.replaceAll(name, 'exp')]);
      }
      expect(said[0]).toEqual(said[1]);
    }

    it('as the reference implementation does it', async () => {
      await both('oldPW12345', 'newPW12345', 'newPW12345');
      expect(await ours(kinit, ['-c', `${kdc.dir}/cc`, 'exp0'], env, 'newPW12345\n')).toMatchObject({
        status: 0,
      });
    });

    it('until one is good enough', () =>
      both('oldPW12345', 'newPW12345', 'other', 'short', 'short', 'newPW12345', 'newPW12345'));

    it('three times at most', () =>
      both('oldPW12345', '', '', 'a', 'a', 'b', 'c', 'newPW12345', 'newPW12345'));

    it('not without the old one, nor without a new one', async () => {
      await both('wrong', 'newPW12345', 'newPW12345');
      next -= 2;
      await both('oldPW12345');
    });
  });

  describe('says what the reference implementation says', () => {
    it.each<[string, string[], string]>([
      ['of a wrong old password', ['bob'], lines('wrong')],
      ['of an unknown principal', ['nobody'], lines('x')],
      ['of new passwords that differ', ['bob'], lines('bobpw1BOB', 'a', 'b')],
      ['of a password that is too short', ['bob'], lines('bobpw1BOB', 'aB', 'aB')],
      ['of a password of one class', ['bob'], lines('bobpw1BOB', 'aaaaaaaaaa', 'aaaaaaaaaa')],
      ['of a password that was used before', ['bob'], lines('bobpw1BOB', 'bobpw1BOB', 'bobpw1BOB')],
      ['of an end of the input', ['bob'], ''],
      ['of an end of the input before the new password', ['bob'], 'bobpw1BOB\n'],
      ['of a principal that is none', ['a@b@c'], ''],
      ['of a realm without a KDC', ['alice@NOWHERE.TEST'], lines('x')],
      ['of too many operands', ['a', 'b'], ''],
      ['of a principal that is disabled', ['disabled'], lines('disabledpw')],
    ])('%s', async (_, argv, input) => {
      expect(await ours(kpasswd, argv, env, input)).toEqual(theirs(kpasswd, argv, env, input));
    });

    it('of a password server that is not there', async () => {
      const { readFileSync, writeFileSync } = await import('node:fs');
      const path = `${kdc.dir}/gone.conf`;
      const text = readFileSync(kdc.krb5Conf, 'utf8');
      writeFileSync(path, text.replace(/kpasswd_server = .*/, 'kpasswd_server = 127.0.0.1:1'));
      const gone = { ...env, KRB5_CONFIG: path };
      const input = lines('bobpw1BOB', 'newPW12345', 'newPW12345');
      expect(await ours(kpasswd, ['bob'], gone, input)).toEqual(theirs(kpasswd, ['bob'], gone, input));
    });
  });
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bytesToHex } from '../../src/codec/text.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { entry } from '../keytab/samples.ts';
import { describePeer, findProgram } from '../support/peers.ts';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function native(name: string, args: readonly string[], input = ''): string {
  const env = { LC_ALL: 'C', TZ: 'UTC', KRB5_CONFIG: '/dev/null' };
  const { stdout, stderr } = spawnSync(findProgram(name)!, args, { env, input, encoding: 'utf8' });
  return stdout + stderr;
}

const keys = (...fills: readonly number[]) => fills.map(fill => bytesToHex(new Uint8Array(32).fill(fill)));

describePeer('mit-client', () => {
  it('lists the keytab that we wrote', async () => {
    const path = join(scratch(), 'kt');
    await resolveKeytab(path).add([
      entry('alice@A.TEST', 300),
      entry('gone@A.TEST', 1),
      entry('host/a@A.TEST', 2),
    ]);
    await resolveKeytab(path).remove(({ kvno }) => kvno === 1);
    const [first, second] = keys(300, 2);
    expect(native('klist', ['-kteK', path])).toBe(
      [
        `Keytab name: FILE:${path}`,
        'KVNO Timestamp         Principal',
        '---- ----------------- --------------------------------------------------------',
        ` 300 11/22/26 12:00:00 alice@A.TEST (aes256-cts-hmac-sha1-96)  (0x${first})`,
        `   2 11/22/26 12:00:00 host/a@A.TEST (aes256-cts-hmac-sha1-96)  (0x${second})`,
        '',
      ].join('\n'),
    );
  });

  it('says what we say of what is no keytab', async () => {
    const directory = scratch();
    for (const path of [directory, join(directory, 'none'), '/dev/null', join(directory, 'none', 'kt')]) {
      const message = await resolveKeytab(path)
        .entries()
        .catch((error: Error) => error.message);
      expect(native('klist', ['-k', path])).toBe(
        `Keytab name: FILE:${path}\nklist: ${message} while starting keytab scan\n`,
      );
    }
  });
});

describePeer('mit-keytab', () => {
  it('writes keytabs that we read and would write the same', async () => {
    const path = join(scratch(), 'kt');
    const etypes = ['aes128-cts-hmac-sha1-96', 'aes256-cts-hmac-sha384-192', 'camellia256-cts-cmac'];
    const commands = etypes.map(
      (etype, i) => `addent -password -p host/a@A.TEST -k ${298 + i} -e ${etype}\npw\n`,
    );
    native('ktutil', [], `${commands.join('')}wkt ${path}\nquit\n`);
    const entries = await resolveKeytab(path).entries();
    expect(
      entries.map(({ principal, kvno, key }) => [formatPrincipal(principal), kvno, key.keytype]),
    ).toEqual([
      ['host/a@A.TEST', 298, 17],
      ['host/a@A.TEST', 299, 20],
      ['host/a@A.TEST', 300, 26],
    ]);
    expect(KeytabFile.encode(entries)).toEqual(Uint8Array.from(readFileSync(path)));
  });

  it('reads and appends to ours', async () => {
    const path = join(scratch(), 'kt');
    await resolveKeytab(path).add([entry('alice@A.TEST', 300)]);
    const add = 'addent -password -p bob@A.TEST -k 1 -e aes128-cts-hmac-sha1-96\npw\n';
    expect(native('ktutil', [], `rkt ${path}\nlist\nquit\n`)).toContain(' 300 ');
    native('ktutil', [], `${add}wkt ${path}\nquit\n`);
    expect((await resolveKeytab(path).entries()).map(({ kvno }) => kvno)).toEqual([300, 1]);
  });
});

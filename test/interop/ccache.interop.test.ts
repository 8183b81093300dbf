import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { configEntry, findConfig } from '../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { fileType } from '../../src/ccache/file.ts';
import { type Principal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { alice, credential, later, NOW, tgt } from '../ccache/tickets.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Runs a native program in the C locale and UTC, without a configuration of the machine's own. */
function native(name: string, ...args: readonly string[]) {
  const env = { LC_ALL: 'C', TZ: 'UTC', KRB5_CONFIG: '/dev/null' };
  return spawnSync(findProgram(name)!, args, { env, encoding: 'utf8' });
}

function cacheAt(path: string) {
  const unused = () => Promise.reject(new TypeError('no keychain is needed here'));
  return fileType.resolve(path, { dataDirectory: join(path, '..', 'data'), keychain: unused });
}

describePeer('mit-client', () => {
  it('lists what we wrote: tickets, flags, enctypes, configuration', async () => {
    const path = join(scratch(), 'cc');
    const host = credential('host/b@A.TEST', { key: { keytype: 20, keyvalue: new Uint8Array(32) } });
    const times = { starttime: NOW, renewTill: later(86400) };
    const credentials = [
      configEntry(alice, 'pa_type', tgsPrincipal('A.TEST'), '151'),
      { ...tgt, ...times, flags: 0x40c00000, ticket: ticketOf(tgt.server) },
      { ...host, ticket: ticketOf(host.server) },
    ];
    await cacheAt(path).initialize({ principal: alice, credentials, kdcOffset: 1500 });
    const { stdout, status } = native('klist', '-efC', '-c', path);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `Ticket cache: FILE:${path}`,
      'Default principal: alice@A.TEST',
      '',
      'Valid starting     Expires            Service principal',
      'config: pa_type(krbtgt/A.TEST@A.TEST) = 151',
      '11/22/26 12:00:00  11/22/26 13:00:00  krbtgt/A.TEST@A.TEST',
      '\trenew until 11/23/26 12:00:00, Flags: FRI',
      '\tEtype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96 ',
      '11/22/26 12:00:00  11/22/26 13:00:00  host/b@A.TEST',
      '\tFlags: FRIA, Etype (skey, tkt): aes256-cts-hmac-sha384-192, aes256-cts-hmac-sha1-96 ',
      '',
    ]);
  });

  it('finds no cache where we destroyed it, and destroys what we made', async () => {
    const path = join(scratch(), 'cc');
    await cacheAt(path).initialize({ principal: alice, credentials: [tgt] });
    await cacheAt(path).destroy();
    expect(native('klist', '-c', path).stderr).toBe(
      `klist: No credentials cache found (filename: ${path})\n`,
    );
    await cacheAt(path).initialize({ principal: alice, credentials: [tgt] });
    expect(native('kdestroy', '-c', path).status).toBe(0);
    await expect(cacheAt(path).load()).rejects.toThrow(`No credentials cache found (filename: ${path})`);
  });

  it('says what we say of a cache that breaks off anywhere', async () => {
    const path = join(scratch(), 'cc');
    const bytes = CcacheFile.encode({ principal: alice, credentials: [tgt], kdcOffset: 0 });
    const principalEnd = CcacheFile.encode({ principal: alice, credentials: [], kdcOffset: 0 }).length;
    for (let length = principalEnd; length >= 0; length -= 3) {
      writeFileSync(path, bytes.subarray(0, length));
      const ours = await cacheAt(path)
        .load()
        .then(
          () => '',
          (error: Error) => `klist: ${error.message}\n`,
        );
      expect({ length, text: native('klist', '-c', path).stderr }).toEqual({ length, text: ours });
    }
    writeFileSync(path, bytes);
    truncateSync(path, bytes.length - 1);
    expect(native('klist', '-c', path).status).toBe(0);
    expect(await cacheAt(path).load()).toMatchObject({ credentials: [], truncated: true });
  });
});

describePeer('mit-kdc', () => {
  it('shares a cache with us, between kinit and kvno', async () => {
    const kdc = await startMitKdc();
    onTestFinished(() => kdc.stop());
    expect(await kdc.run('kinit', ['alice'], 'alicepw\n')).toMatchObject({ status: 0 });
    const path = kdc.env.KRB5CCNAME!.slice('FILE:'.length);
    const before = await cacheAt(path).load();
    expect(before.principal).toMatchObject({ components: ['alice'], realm: 'A.TEST' });
    expect(Buffer.from(findConfig(before, 'fast_avail', tgsPrincipal('A.TEST'))!).toString()).toBe('yes');
    expect(CcacheFile.encode(before)).toEqual(Uint8Array.from(readFileSync(path)));
    const now = new Date();
    await cacheAt(path).store(
      [credential('host/other@A.TEST', { endtime: new Date(now.getTime() + 3600_000) })],
      now,
    );
    expect(await kdc.run('kvno', ['host/localhost'])).toMatchObject({ status: 0 });
    const servers = (await cacheAt(path).load()).credentials.map(({ server }) => server.components.join('/'));
    expect(servers.slice(-2)).toEqual(['host/other', 'host/localhost']);
  });
});

/** A ticket's DER, of which only the enctype is of interest. */
function ticketOf(server: Principal): Uint8Array {
  const encPart = { etype: 18, cipher: new Uint8Array(100) };
  return Ticket.encode({ realm: server.realm, sname: toPrincipalName(server), encPart });
}

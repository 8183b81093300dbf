import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { buildGo } from '../bench/engine-peers.ts';
import { scratch } from '../ccache/samples.ts';
import { describePeer } from '../support/peers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const clients = join(root, 'test/interop/kdc-clients');
const page = readFileSync(join(root, 'docs/kdc.md'), 'utf8');

/** What the page shows as this kind of text. */
function shown(kind: string): string {
  const block = page.split(`\n\`\`\`${kind}\n`)[1];
  if (block === undefined) throw new Error(`docs/kdc.md has no ${kind}`);
  return block.slice(0, block.indexOf('```'));
}

function shell(command: string, folder: string) {
  const { PATH } = process.env;
  const env = { PATH: `${join(root, 'bin')}:${PATH}`, HOME: folder };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describePeer('java', () => {
  it('docs/kdc.md says how Java finds the realm and its keytab', { timeout: 60_000 }, () => {
    const folder = scratch();
    const user = { name: 'alice', password: 'wonderland' };
    writeFileSync(
      join(folder, 'realm.yaml'),
      JSON.stringify({ users: [user], services: ['HTTP/localhost'] }),
    );
    const client = join(clients, 'KdcClient.java');
    const words = 'keytab HTTP/localhost $KRB5_KTNAME show';
    const { status, stdout, stderr } = shell(
      shown('sh java').replace('mvn test', `java ${client} ${words}`),
      folder,
    );
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining('for HTTP/localhost@KRB5KIT.TEST')]);
  });
});

describePeer('gokrb5', () => {
  it('docs/kdc.md says how gokrb5 does, and what its services accept', { timeout: 300_000 }, () => {
    const folder = scratch();
    const source = join(folder, 'shown.go');
    writeFileSync(
      source,
      `package main
import ("fmt"; "os"; "strings"; "github.com/jcmturner/gokrb5/v8/config"; "github.com/jcmturner/gokrb5/v8/keytab")
func main() {
${shown('go')}
fmt.Println(err, conf.LibDefaults.DefaultRealm, keys.Entries[0].Principal)
}
`,
    );
    const built = buildGo(source, folder);
    if ('reason' in built) throw new Error(built.reason);
    writeFileSync(join(folder, 'realm.yaml'), shown('yaml go'));
    const run = 'krb5kit kdc run --principals realm.yaml -- ';
    expect(shell(run + built.command[0], folder).stdout).toMatch(
      /^<nil> KRB5KIT\.TEST HTTP\/localhost@KRB5KIT\.TEST$/m,
    );
    const client = buildGo(join(clients, 'client.go'), folder);
    if ('reason' in client) throw new Error(client.reason);
    const words = `password alice KRB5KIT.TEST wonderland open HTTP/localhost "\${KRB5_KTNAME#FILE:}"`;
    const { stdout, stderr } = shell(`${run}sh -c '${client.command[0]} ${words}'`, folder);
    expect(stdout, stderr).toBe('HTTP/localhost hears of alice@KRB5KIT.TEST\n');
  });
});

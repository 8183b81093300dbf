import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { openKerberos } from '../../src/local/kerberos.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { type FakeBroker, startFakeBroker } from './fake-broker.ts';

const root = join(import.meta.dirname, '../..');

let dir: string;
let kdc: RunningKdc;
let broker: FakeBroker;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  // Within the project, so that the example finds kafkajs.
  dir = mkdtempSync(join(import.meta.dirname, '.kafka-'));
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'wonderland' }],
    services: ['kafka/localhost'],
  });
  env = { KRB5_CONFIG: join(dir, 'krb5.conf'), KRB5CCNAME: `FILE:${join(dir, 'ccache')}`, HOME: dir };
  writeFileSync(
    env.KRB5_CONFIG!,
    `[libdefaults]\ndns_canonicalize_hostname = false\nqualify_shortname = ""\n${kdc.krb5Conf()}`,
  );
  const keytab = kdc.keytab('kafka/localhost');
  const replayCache = createMemoryReplayCache();
  broker = await startFakeBroker({
    accept: () => createAcceptor({ keytab, replayCache }),
    nameOf: ({ info }) => formatPrincipal(info.initiator),
    topics: ['orders', 'payments'],
  });
  await build({
    entryPoints: [join(root, 'test/examples/kafka.mjs')],
    alias: { krb5kit: join(root, 'src/index.ts') },
    outfile: join(dir, 'kafka.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
});
afterAll(async () => {
  await broker?.stop();
  await kdc?.close();
  rmSync(dir, { recursive: true, force: true });
});

function runExample() {
  const args = [join(dir, 'kafka.mjs'), `localhost:${broker.port}`];
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env }, timeout: 60_000 });
}

it('kafkajs says why it cannot sign in as long as there are no tickets', { timeout: 60_000 }, async () => {
  await expect(runExample()).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('No credentials cache found'),
  });
  expect(broker.signedIn).toEqual([]);
});

it('kafkajs signs in to a broker by GSSAPI, with our example', { timeout: 60_000 }, async () => {
  const kerberos = await openKerberos({ env });
  const cache = await kerberos.defaultCache();
  await kerberos.login('alice', { password: 'wonderland' }, { cache });
  const { stdout, stderr } = await runExample();
  expect([stderr, stdout]).toEqual(['', 'orders\npayments\n']);
  expect(new Set(broker.signedIn)).toEqual(new Set(['alice@A.TEST']));
});

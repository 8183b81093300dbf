import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { getInitialCredential } from '../../src/client/initial.ts';
import { startKdc } from '../../src/kdc/start.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const realm = {
  realm: 'LAB.TEST',
  users: [{ name: 'alice', password: 'secret' }],
  services: ['HTTP/localhost'],
};

function refuses(port: number): Promise<boolean> {
  return new Promise(done => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => done(false));
    socket.once('error', () => done(true));
  });
}

it('a realm lives as long as the block that made it', async () => {
  let port: number;
  {
    await using kdc = await startKdc(realm);
    port = kdc.port;
    const alice = parsePrincipal('alice', { defaultRealm: kdc.realm });
    const { transport } = kdc;
    const { credential } = await getInitialCredential(
      alice,
      { password: async () => 'secret' },
      { transport },
    );
    expect(credential.client).toEqual(alice);
    expect(await refuses(port)).toBe(false);
  }
  expect(await refuses(port)).toBe(true);
});

// The same hooks, by the same names, are jest's.
const NODE_TEST = `
import assert from 'node:assert';
import { after, before, test } from 'node:test';
import { getInitialCredential, parsePrincipal, startKdc } from ${JSON.stringify(resolve('dist/index.js'))};

let kdc;
before(async () => {
  kdc = await startKdc(${JSON.stringify(realm)});
});
after(() => kdc.close());

test('alice logs in', async () => {
  const alice = parsePrincipal('alice@LAB.TEST');
  const { credential } = await getInitialCredential(alice, { password: async () => 'secret' }, { transport: kdc.transport });
  assert.equal(credential.client.realm, 'LAB.TEST');
});
`;

it('a realm is a fixture of node:test', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const file = join(folder, 'fixture.test.mjs');
  writeFileSync(file, NODE_TEST);
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const output = await new Promise<string>(done => {
    execFile(process.execPath, ['--test', file], { env, timeout: 60_000 }, (_error, stdout) => done(stdout));
  });
  rmSync(folder, { recursive: true });
  expect(output).toMatch(/pass 1\n/);
  expect(output).toMatch(/fail 0\n/);
}, 60_000);

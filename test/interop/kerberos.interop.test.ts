import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as ours from '../../src/kerberos/index.ts';
import { describeKerberos, establish, type Kerberos, refusal } from '../kerberos/behaviours.ts';
import { withEnvironment } from '../kerberos/support.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { MUTUAL, type PythonContext, SEQUENCE, startPythonContext } from '../support/python-gssapi.ts';

const root = join(import.meta.dirname, '../..');
const PACKAGE = '/opt/npm-kerberos/node_modules/kerberos';
const native: Kerberos = existsSync(PACKAGE) ? createRequire(import.meta.url)(PACKAGE) : ours;

let kdc: MitKdc;
let restore: () => void;

async function enter(): Promise<void> {
  kdc = await startMitKdc({ libdefaults: ['forwardable = true'] });
  // Only the tickets of the cache.
  const { PATH: _, ...env } = kdc.env;
  restore = withEnvironment({ ...env, KRB5_CLIENT_KTNAME: `FILE:${kdc.dir}/none` });
  const { status, stderr } = await kdc.run('kinit', ['alice'], 'alicepw\n');
  expect(status, stderr).toBe(0);
}

async function leave(): Promise<void> {
  restore();
  await kdc.stop();
}

describePeer('npm-kerberos', () => {
  beforeAll(enter);
  afterAll(leave);

  describe("npm's kerberos", () => describeKerberos(native));
  describe('what stands in for it', () => describeKerberos(ours));

  describe('one beside the other', () => {
    it('have the same exports, but for the classes and what makes ours a module', () => {
      expect(native).not.toBe(ours);
      const { default: _, KerberosClient, KerberosServer, ...rest } = ours;
      expect(Object.keys(rest).sort()).toEqual(Object.keys(native).sort());
    });

    it.each([
      ['theirs', 'ours', { client: native, server: ours }],
      ['ours', 'theirs', { client: ours, server: native }],
    ] as const)('establish contexts: %s with %s', async (_, __, sides) => {
      for (const options of [{}, { mechOID: 9 }, { mechOID: 6 }, { flags: 0 }, { flags: 1 | 2 | 4 | 8 }]) {
        const { client, server } = await establish(sides, options);
        const facts = [client.username, server.username, server.contextComplete, server.targetName];
        expect(facts, JSON.stringify(options)).toEqual(['alice@A.TEST', 'alice@A.TEST', true, null]);
        const open = await establish(sides, options, '');
        expect(open.server.targetName).toBe('HTTP/localhost@A.TEST');
      }
    });

    it('refuse what the other has accepted before', async () => {
      for (const [first, second] of [
        [ours, native],
        [native, ours],
      ] as const) {
        const token = await (await ours.initializeClient('HTTP@localhost')).step('');
        await (await first.initializeServer('HTTP@localhost')).step(token);
        const again = await second.initializeServer('HTTP@localhost');
        expect((await refusal(again.step(token))).message).toContain('Request is a replay');
      }
    });

    it('have the same words for passwords, keytabs and names that will not do', async () => {
      const attempts: ((kerberos: Kerberos) => Promise<unknown>)[] = [
        k => k.checkPassword('expired', 'expiredpw', 'HTTP/localhost', 'A.TEST'),
        k => k.checkPassword('dead', 'deadpw', 'HTTP/localhost', 'A.TEST'),
        k => k.checkPassword('disabled', 'disabledpw', 'HTTP/localhost', 'A.TEST'),
        k => k.checkPassword('nopreauth', 'wrong', 'HTTP/localhost', 'A.TEST'),
        k => k.checkPassword('alice', '', 'HTTP/localhost', 'A.TEST'),
        k => k.initializeServer('HTTP@elsewhere'),
        k => k.initializeClient('HTTP@localhost', { principal: 'bob@A.TEST' }),
        async k => (await k.initializeClient('no@such.host.test')).step(''),
        async k => (await k.initializeServer('')).step(''),
      ];
      for (const attempt of attempts) {
        const [theirs, mine] = [await refusal(attempt(native)), await refusal(attempt(ours))];
        expect(mine.message).toBe(theirs.message);
        expect(mine.constructor).toBe(theirs.constructor);
      }
    });

    it('fill a cache by the client keytab, so that the other and klist find it', async () => {
      for (const [first, second, name] of [
        [ours, native, 'by-ours'],
        [native, ours, 'by-theirs'],
      ] as const) {
        const cache = `FILE:${kdc.dir}/${name}`;
        const undo = withEnvironment({ KRB5CCNAME: cache, KRB5_CLIENT_KTNAME: `FILE:${kdc.clientKeytab}` });
        try {
          const { client } = await establish({ client: first, server: first });
          expect(client.username).toBe('alice@A.TEST');
          process.env.KRB5_CLIENT_KTNAME = `FILE:${kdc.dir}/none`;
          const found = await establish({ client: second, server: second });
          expect(found.client.username).toBe('alice@A.TEST');
          const { stdout } = await kdc.run('klist', [cache]);
          expect(stdout).toContain('Default principal: alice@A.TEST');
          expect(stdout).toContain('HTTP/localhost@');
        } finally {
          undo();
        }
      }
    });

    it('have the same words where there is neither cache nor keytab', async () => {
      const env = { KRB5CCNAME: `FILE:${kdc.dir}/none`, KRB5_KTNAME: `FILE:${kdc.dir}/none` };
      const undo = withEnvironment(env);
      try {
        const attempts: ((kerberos: Kerberos) => Promise<unknown>)[] = [
          k => k.principalDetails('HTTP', 'localhost'),
          k => k.initializeServer('HTTP@localhost'),
          async k => (await k.initializeClient('HTTP@localhost')).step(''),
        ];
        for (const attempt of attempts) {
          const [theirs, mine] = [await refusal(attempt(native)), await refusal(attempt(ours))];
          expect(mine.message).toBe(theirs.message);
        }
      } finally {
        undo();
      }
    });
  });
});

describePeer('python-gssapi', () => {
  beforeAll(enter);
  afterAll(leave);

  it('has a SASL conversation with the client, as a server', async () => {
    const acceptor = startPythonContext({ role: 'acceptor' }, kdc.env);
    const client = await ours.initializeClient('HTTP@localhost');
    await meet(client, acceptor);
    const offer = await acceptor.wrap(Uint8Array.of(1, 0, 0, 0), false);
    const message = await client.unwrap(base64(offer));
    expect([message, client.responseConf]).toEqual(['AQAAAA==', 0]);
    const choice = await client.wrap(message, { user: 'alice' });
    const taken = await acceptor.unwrap(Buffer.from(choice, 'base64'));
    expect(Buffer.from(taken.message).toString()).toBe('\x01\0\0\0alice');
    const sealed = await client.wrap(message, { user: 'alice', protect: true });
    expect((await acceptor.unwrap(Buffer.from(sealed, 'base64'))).sealed).toBe(true);
    await client.unwrap(base64(await acceptor.wrap(Buffer.from('secret'), true)));
    expect([client.responseConf, client.response]).toEqual([1, base64(Buffer.from('secret'))]);
    acceptor.end();
  });

  it('is given the tickets of a client that delegates them', async () => {
    const acceptor = startPythonContext({ role: 'acceptor' }, kdc.env);
    const flags = ours.GSS_C_DELEG_FLAG | ours.GSS_C_MUTUAL_FLAG;
    const client = await ours.initializeClient('HTTP@localhost', { flags });
    expect(await meet(client, acceptor)).toMatchObject({ delegated: 'alice@A.TEST' });
    acceptor.end();
  });

  it.each(['krb5', 'spnego'] as const)('is accepted by the server: %s', async mechanism => {
    const wishes = {
      role: 'initiator',
      target: 'HTTP@localhost',
      mechanism,
      flags: MUTUAL | SEQUENCE,
    } as const;
    const initiator = startPythonContext(wishes, kdc.env);
    const server = await ours.initializeServer('HTTP@localhost');
    const { token } = await initiator.step();
    const reply = await server.step(base64(token!));
    expect((await initiator.step(Buffer.from(reply, 'base64'))).facts?.initiator).toBe('alice@A.TEST');
    expect(server).toMatchObject({ username: 'alice@A.TEST', contextComplete: true });
    initiator.end();
  });
});

describe('the built package', () => {
  it('is found by require and by import', () => {
    const script = `
      import kerberos, * as named from 'krb5kit/kerberos';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('krb5kit/kerberos');
      const same = [kerberos, required].every(each => each.initializeClient === named.initializeClient);
      console.log(same, 'kModuleError' in required);`;
    const args = ['--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(stdout, stderr).toBe('true false\n');
  });
});

async function meet(client: ours.KerberosClient, acceptor: PythonContext) {
  const first = await acceptor.step(Buffer.from(await client.step(''), 'base64'));
  expect(first.error).toBeUndefined();
  await client.step(base64(first.token!));
  return first.facts;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

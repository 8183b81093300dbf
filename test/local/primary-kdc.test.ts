import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';

let lagging: RunningKdc;
let primary: RunningKdc;

const start = (password: string): Promise<RunningKdc> =>
  startKdc({ realm: 'A.TEST', users: [{ name: 'alice', password }] });

beforeAll(async () => {
  [lagging, primary] = await Promise.all([start('old'), start('new')]);
});
afterAll(() => Promise.all([lagging?.close(), primary?.close()]));

async function login(password: string, ...lines: readonly string[]) {
  const home = scratch();
  writeFileSync(
    join(home, 'krb5.conf'),
    `[libdefaults]\ndefault_realm = A.TEST\n[realms]\nA.TEST = {\n${lines.join('\n')}\n}\n`,
  );
  const env = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${home}/cc` };
  const io = captureIo({ env, uid: process.geteuid?.(), stdin: `${password}\n` });
  const status = await runCommand(kinit, ['alice'], io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

describe('a password that a KDC does not know yet', () => {
  const kdc = () => `kdc = 127.0.0.1:${lagging.port}`;

  it('is asked of the primary', async () => {
    expect(await login('new', kdc(), `primary_kdc = 127.0.0.1:${primary.port}`)).toEqual({
      status: 0,
      stdout: 'Password for alice@A.TEST: \n',
      stderr: '',
    });
    expect(await login('new', kdc(), `master_kdc = 127.0.0.1:${primary.port}`)).toMatchObject({ status: 0 });
  });

  it.each([
    ['without a primary', () => ''],
    ['with that KDC for the primary', () => `primary_kdc = 127.0.0.1:${lagging.port}`],
    ['with a primary that is not there', () => 'primary_kdc = 127.0.0.1:1'],
  ])('is wrong %s', async (_, line) => {
    expect(await login('new', kdc(), line())).toEqual({
      status: 1,
      stdout: 'Password for alice@A.TEST: \n',
      stderr: 'kinit: Password incorrect while getting initial credentials\n',
    });
  });

  it('is wrong if the primary says so, too', async () => {
    expect(await login('wrong', kdc(), `primary_kdc = 127.0.0.1:${primary.port}`)).toMatchObject({
      status: 1,
      stderr: 'kinit: Password incorrect while getting initial credentials\n',
    });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { encryptedTimestamp } from '../../src/kdc/preauth/encrypted-timestamp.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';

let kdc: RunningKdc;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    mechanisms: [encryptedTimestamp],
  });
});
afterAll(() => kdc?.close());

it.each([
  ['true', 1, 0],
  ['false', 0, 1],
])('disable_encrypted_timestamp = %s is obeyed', async (value, status, asked) => {
  const home = scratch();
  const conf = join(home, 'krb5.conf');
  writeFileSync(conf, kdc.krb5Conf().replace(/^\s*kdc = /m, `disable_encrypted_timestamp = ${value}\n$&`));
  const env = { HOME: home, KRB5_CONFIG: conf, KRB5CCNAME: `FILE:${join(home, 'cc')}` };
  const io = captureIo({ env, stdin: 'alicepw\n' });
  expect(await runCommand(kinit, ['alice@A.TEST'], io)).toBe(status);
  expect(io.stdout.split('Password for').length - 1).toBe(asked);
});

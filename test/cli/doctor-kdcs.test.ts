import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { alice, makeCredential } from '../ap/made-up.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';
import { fakeKdc } from '../transport/fake-kdc.ts';
import { writeCache } from './caches.ts';

it("tells where a KDC is to be named for the realm of a cache's client", async () => {
  const home = scratch();
  const KRB5_CONFIG = join(home, 'krb5.conf');
  writeFileSync(KRB5_CONFIG, '[libdefaults]\ndns_lookup_kdc = false\n');
  const env = { HOME: home, KRB5_CONFIG, KRB5CCNAME: writeCache(home, [makeCredential()], alice) };
  const io = captureIo({ env });
  expect(await runCommand(doctor, [], io)).toBe(1);
  expect(io.stdout).toMatch(/KDCs: Cannot find KDC.*\n +Try: .* kdc for A\.TEST to \[realms\]/);
});

it('no longer says what it waits for once it reports that a KDC is silent', { timeout: 20_000 }, async () => {
  const home = scratch();
  await using silent = await fakeKdc({ udp: () => undefined, tcp: () => undefined });
  const KRB5_CONFIG = join(home, 'krb5.conf');
  writeFileSync(KRB5_CONFIG, `[realms]\nA.TEST = {\n kdc = 127.0.0.1:${silent.port}\n}\n`);
  const env = { HOME: home, KRB5_CONFIG, KRB5CCNAME: `FILE:${home}/cc`, KRB5KIT_KEYCHAIN: 'none' };
  const io = captureIo({ env, stderrIsTerminal: true });
  expect(await runCommand(doctor, ['alice@A.TEST'], io)).toBe(1);
  const [waiting = '', after = ''] = io.output.split('\r\u001b[K');
  expect(waiting).toMatch(/waiting for 127\.0\.0\.1:\d+ \(udp, tcp\) \.\.\.$/);
  expect(after).toMatch(/KDC udp .*: no answer\n/);
});

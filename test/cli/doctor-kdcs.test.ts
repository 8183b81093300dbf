import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { alice, makeCredential } from '../ap/made-up.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';
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

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { memoryType } from '../../src/ccache/memory.ts';
import { getInitial } from '../../src/cli/kinit/exchange.ts';
import { openSession } from '../../src/cli/session.ts';
import { startKdc } from '../../src/kdc/start.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { captureIo } from '../support/io.ts';

it('a password is asked for without what the name in a planted cache could tell the terminal', async () => {
  const home = mkdtempSync(join(tmpdir(), 'krb5kit-prompt-'));
  const principal = { nameType: 1, components: ['mallory\u001b[2K\rPassword for alice'], realm: 'A.TEST' };
  const name = formatPrincipal(principal);
  await using kdc = await startKdc({ realm: 'A.TEST', users: [{ name, password: 'pw' }] });
  try {
    writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
    const io = captureIo({ env: { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf') }, stdin: 'pw\n' });
    const session = openSession(io);
    const cache = memoryType.resolve('planted', session.caches);
    await getInitial(
      {
        args: {
          has: () => false,
          value: () => undefined,
          values: () => [],
          given: [],
          operands: [],
          beforeDashes: 0,
        },
        target: { principal, name, cache, makePrimary: undefined },
        wishes: { lifetime: undefined, renewLifetime: undefined, starttime: undefined },
        withKeytab: false,
        say: () => undefined,
      },
      session,
    );
    expect(io.stdout).toBe('Password for mallory?[2K?Password for alice@A.TEST: \n');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

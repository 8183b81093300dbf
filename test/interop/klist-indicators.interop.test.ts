import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

let kdc: MitKdc;
let env: Environment;

describePeer('mit-kdc', () => describePeer('mit-client', suite));

function suite(): void {
  beforeAll(async () => {
    kdc = await startMitKdc({
      libdefaults: ['spake_preauth_groups = edwards25519'],
      kdcdefaults: ['spake_preauth_kdc_challenge = edwards25519'],
      realm: ['spake_preauth_indicator = spake'],
    });
    env = { ...kdc.env, HOME: kdc.dir, KRB5CCNAME: `FILE:${join(kdc.dir, 'cc')}` };
  });
  afterAll(() => kdc?.stop());

  it('shows what the KDC says of how the client was authenticated', async () => {
    expect(theirs(kinit, ['alice'], env, 'alicepw\n').status).toBe(0);
    expect((await ours(kvno, ['host/localhost', 'HTTP/localhost'], env)).stderr).toBe('');
    const { stdout } = await ours(klist, ['-I', '-'], env);
    const [, tgt, host, http] = stdout.split(/(?=^\d\d\/\d\d\/\d\d )/m);
    expect(tgt).not.toContain('indicators');
    for (const ticket of [host, http]) expect(ticket).toMatch(/\n\tAuthentication indicators: spake\n$/);
  });
}

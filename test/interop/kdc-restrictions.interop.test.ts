import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { kdc } from '../../src/cli/kdc.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type HeimdalKdc, startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { outputOf } from '../support/output-schema.ts';
import { describePeer, findProgram } from '../support/peers.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string): string => join(folder, name);

/** Runs `krb5kit kdc …`, which must work, and returns its two outputs. */
async function ours(...argv: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { HOME: folder, KRB5KIT_KDC_DATABASE: inFolder('kdc.db'), LC_ALL: 'C', TZ: 'UTC' };
  const io = captureIo({ env });
  expect(await runCommand(kdc, argv, io), io.stderr).toBe(0);
  return io;
}

async function policyOf(principal: string): Promise<Record<string, unknown>> {
  return outputOf('principalEntry', (await ours('show', '--json', principal)).stdout).policy;
}

function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}

describePeer('mit-kdc', () => {
  let mit: MitKdc;
  beforeAll(async () => {
    mit = await startMitKdc({
      principals: [
        'addprinc -randkey host/strong',
        'setstr host/strong require_auth "pkinit otp"',
        'setstr host/strong session_enctypes aes256-cts',
        'addprinc -randkey +requires_hwauth smart',
      ],
    });
  });
  afterAll(() => mit.stop());

  it('that asks for more than a password gives its realm to us, and gets it back, with that', async () => {
    const kdb5 = (...args: readonly string[]) =>
      runProgram(findProgram('kdb5_util')!, ['-r', mit.realm, ...args], {
        ...mit.env,
        KRB5_KDC_PROFILE: join(mit.dir, 'kdc.conf'),
      });
    kdb5('dump', inFolder('dump'));
    await ours('init', mit.realm);
    const { stderr } = await ours('import', inFolder('dump'), '--master-key', join(mit.dir, 'stash'));
    expect(stderr).toContain(`smart@${mit.realm} is locked, as it had to log in by hardware`);
    expect(await policyOf('smart')).toMatchObject({ locked: true });
    expect(await policyOf('host/strong')).toMatchObject({ requiresIndicators: ['pkinit', 'otp'] });
    await ours('dump', inFolder('back'), '--mit-stash', join(mit.dir, 'stash'));
    kdb5('load', inFolder('back'));
    const strings = mit.kadmin(['getstrs host/strong']);
    expect(strings).toMatch(/^require_auth: pkinit otp$/m);
    expect(strings).toMatch(/^session_enctypes: aes256-cts/m);
  });
});

describePeer('heimdal-kdc', () => {
  let heimdal: HeimdalKdc;
  beforeAll(async () => {
    heimdal = await startHeimdalKdc();
  });
  afterAll(() => heimdal.stop());

  it('that changes passwords for a password alone gives its realm to us with that', async () => {
    const options = ['-l', '-c', join(heimdal.dir, 'kdc.conf'), '-r', 'H.TEST', 'dump', inFolder('dump')];
    const env = { ...heimdal.env, KRB5_CONFIG: join(heimdal.dir, 'kdc.conf') };
    runProgram('/opt/heimdal/usr/bin/kadmin.heimdal', options, env);
    await ours('init', 'H.TEST');
    await ours('import', inFolder('dump'), '-m', join(heimdal.dir, 'mkey'));
    expect(await policyOf('kadmin/changepw')).toMatchObject({
      disallowTgsBased: true,
      disallowPostdated: true,
      disallowRenewable: true,
      passwordChangeService: true,
    });
  });
});

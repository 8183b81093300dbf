import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { callInChild } from '../../src/ccache/keychain/keytar-child.ts';

const directory = mkdtempSync(join(tmpdir(), 'krb5kit-child-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a keytar whose library writes on the way', () => {
  it('is told as a keychain that broke off, without the secret', async () => {
    const modulePath = join(directory, 'keytar.cjs');
    const noise = "process.stdout.write('libsecret: ');";
    writeFileSync(modulePath, `exports.getPassword = async () => { ${noise} return 'c2VjcmV0'; };`);
    const call = { call: 'getPassword', args: ['krb5kit', 'x'] } as const;
    const failure = await callInChild([call], { modulePath, environment: process.env, seconds: 60 }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(failure).toMatchObject({ code: 'KEYCHAIN_UNAVAILABLE' });
    expect(`${failure?.stack}${String(failure?.cause)}`).not.toContain('c2Vj');
  });
});

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const directory = join(import.meta.dirname, '../docs/reference');

describe('the reference of the library', () => {
  let out: string;
  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  });
  afterAll(() => rmSync(out, { recursive: true }));

  // `npm run docs` the same way, into a directory of its own; a warning is an error to it.
  it('is made without a warning and has what the library exports', { timeout: 180_000 }, async () => {
    const typedoc = join(directory, 'node_modules/typedoc/bin/typedoc');
    const { stderr } = await promisify(execFile)(process.execPath, [typedoc, '--out', out], {
      cwd: directory,
    });
    expect(stderr).toBe('');
    for (const page of ['functions/krb5kit.parsePrincipal.html', 'classes/krb5kit.KerberosError.html']) {
      expect(existsSync(join(out, page)), page).toBe(true);
    }
    const text = readFileSync(join(out, 'functions/krb5kit.getInitialCredential.html'), 'utf8');
    expect(text).toContain('KerberosError');
  });
});

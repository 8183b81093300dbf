import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEnvironment } from '../../src/local/environment.ts';
import { clientKeytab, defaultKeytab } from '../../src/local/keytabs.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'krb5kit-keytabs-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** The names of the two keytabs. */
function names(libdefaults: string, env: Readonly<Record<string, string>> = {}): readonly string[] {
  const KRB5_CONFIG = join(home, 'krb5.conf');
  writeFileSync(KRB5_CONFIG, `[libdefaults]\n${libdefaults}\n`);
  const session = openEnvironment({ ...env, KRB5_CONFIG });
  return [defaultKeytab(session).name, clientKeytab(session).name];
}

it('are those of the environment, else of krb5.conf, else the usual files', () => {
  const lines = 'default_keytab_name = FILE:/a\ndefault_client_keytab_name = FILE:/b';
  expect(names(lines, { KRB5_KTNAME: 'FILE:/c', KRB5_CLIENT_KTNAME: '/d' })).toEqual(['FILE:/c', 'FILE:/d']);
  expect(names(lines)).toEqual(['FILE:/a', 'FILE:/b']);
  expect(names('')).toEqual([
    'FILE:/etc/krb5.keytab',
    expect.stringMatching(/^FILE:\/etc\/krb5\/user\/\w+\/client\.keytab$/),
  ]);
});

it('are none where the name is empty', () => {
  expect(names('', { KRB5_KTNAME: '', KRB5_CLIENT_KTNAME: '' })).toEqual(['FILE:', 'FILE:']);
  expect(names('default_keytab_name = ""\ndefault_client_keytab_name = ""')).toEqual(['FILE:', 'FILE:']);
});

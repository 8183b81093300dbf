import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultConfigFiles, loadProfile, splitConfigPath } from '../../src/config/load.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'krb5kit-config-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(dir, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Root may read everything. */
function asNobody(work: () => void): void {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('loading configuration files', () => {
  it('gives the first file precedence and skips missing ones with a warning', () => {
    const one = write('one', '[a]\nx = 1');
    const two = write('two', '[a]\nx = 2\ny = 3');
    const profile = loadProfile([join(dir, 'none'), one, two]);
    expect(profile.values('a', 'x')).toEqual(['1', '2']);
    expect(profile.first('a', 'y')).toBe('3');
    expect(profile.warnings).toMatchObject([{ file: join(dir, 'none') }]);
  });

  it('skips a file that may not be read, and fails if there is no other', () => {
    chmodSync(dir, 0o755);
    const [secret, open] = [write('secret', '[a]\nx = 1'), write('open', '[a]\nx = 2')];
    chmodSync(secret, 0);
    asNobody(() => {
      expect(loadProfile([secret, open]).values('a', 'x')).toEqual(['2']);
      expect(loadProfile([secret, join(dir, 'none')]).warnings).toHaveLength(2);
      const refusal = { code: 'CONFIG_UNREADABLE', message: `${secret}: Permission denied` };
      expect(() => loadProfile([secret])).toThrow(expect.objectContaining(refusal));
      expect(() => loadProfile([join(dir, 'none'), secret])).toThrow(expect.objectContaining(refusal));
    });
  });

  it('is empty when no file exists, as MIT is', () => {
    expect(loadProfile([join(dir, 'none')]).names()).toEqual([]);
  });

  it('merges an include where it stands, outside the braces around it', () => {
    const inner = write('inner', '[a]\nx = inner\n[b]\ny = inner');
    const outer = write('outer', `[a]\nx = 1\ns = {\nz = 1\ninclude ${inner}\nw = 2\n}\nx = 2`);
    const profile = loadProfile([outer]);
    expect(profile.values('a', 'x')).toEqual(['1', 'inner', '2']);
    expect(profile.values('b', 'y')).toEqual(['inner']);
    expect(profile.names('a', 's')).toEqual(['z', 'w']);
    expect(profile.where('b', 'y')).toMatchObject({ file: inner, line: 4 });
  });

  it('reads a directory in order of names, leaving out left-overs', () => {
    for (const name of ['b', 'a.conf', '.hidden.conf', 'c~', 'd.rpmnew', 'E_-1']) {
      write(`d/${name}`, `[a]\nx = ${name}`);
    }
    mkdirSync(join(dir, 'd/sub'), { recursive: true });
    const main = write('main', `includedir ${join(dir, 'd')}\n[a]\nx = main`);
    expect(loadProfile([main]).values('a', 'x')).toEqual(['E_-1', 'a.conf', 'b', 'main']);
    expect(loadProfile([join(dir, 'd')]).values('a', 'x')).toEqual(['E_-1', 'a.conf', 'b']);
  });

  it.each(['include', 'includedir'])('refuses an %s that is not there, with its place', directive => {
    const main = write('missing', `[a]\n${directive} /nonexistent/x`);
    expect(() => loadProfile([main])).toThrow(
      expect.objectContaining({ code: 'CONFIG_UNREADABLE', file: main, line: 2 }),
    );
  });

  it('stops a file that includes itself', () => {
    const path = join(dir, 'self');
    write('self', `include ${path}\ninclude ${path}\n`);
    expect(() => loadProfile([path])).toThrow(expect.objectContaining({ code: 'CONFIG_SYNTAX', file: path }));
  });

  it('refuses a file of more than 1 MiB', () => {
    const path = write('big', '#'.repeat((1 << 20) + 1));
    expect(() => loadProfile([path])).toThrow(/longer than/);
  });

  it('knows how each platform names its files', () => {
    expect(splitConfigPath('/a:/b::', 'linux')).toEqual(['/a', '/b']);
    expect(splitConfigPath('C:\\a;D:\\b', 'win32')).toEqual(['C:\\a', 'D:\\b']);
    expect(defaultConfigFiles('linux')).toEqual(['/etc/krb5.conf']);
    expect(defaultConfigFiles('win32', { programData: 'D:\\P' })).toEqual([
      'D:\\P\\MIT\\Kerberos5\\krb5.ini',
    ]);
    expect(defaultConfigFiles('darwin', { home: '/Users/a' })).toEqual([
      '/Users/a/Library/Preferences/edu.mit.Kerberos',
      '/Library/Preferences/edu.mit.Kerberos',
      '/etc/krb5.conf',
    ]);
  });
});

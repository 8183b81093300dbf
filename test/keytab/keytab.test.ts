import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeRecord, KeytabFile, scanKeytab } from '../../src/keytab/file-format.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { entry } from './samples.ts';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const refusal = (code: string, message: string) =>
  expect.objectContaining({ name: 'KeytabError', code, message });

const alice = entry('alice@A.TEST', 300);
const host = entry('host/a@A.TEST', 2);

describe('resolveKeytab', () => {
  it.each([
    ['/etc/krb5.keytab', 'FILE:/etc/krb5.keytab'],
    ['FILE:/etc/krb5.keytab', 'FILE:/etc/krb5.keytab'],
    ['WRFILE:/etc/krb5.keytab', 'FILE:/etc/krb5.keytab'],
    ['/a:b', 'FILE:/a:b'],
    ['C:\\krb5.keytab', 'FILE:C:\\krb5.keytab'],
    ['', 'FILE:'],
    ['MEMORY:x', 'MEMORY:x'],
    ['ANY:/a,MEMORY:x', 'ANY:FILE:/a,MEMORY:x'],
  ])('%s is %s', (name, full) => {
    expect(resolveKeytab(name).name).toBe(full);
  });

  it.each(['BOGUS:x', 'SRVTAB:x', 'file:/x', './a:b', ':x', 'ANY:/a,BOGUS:x'])(
    '%s is of an unknown type',
    name => {
      expect(() => resolveKeytab(name)).toThrow(refusal('KEYTAB_TYPE_UNKNOWN', 'Unknown Key table type'));
    },
  );
});

describe('an ANY keytab', () => {
  it('has the keys of those of its keytabs that exist', async () => {
    const [one, missing, two] = ['one', 'missing', 'two'].map(name => join(scratch(), name));
    await resolveKeytab(one!).add([alice]);
    await resolveKeytab(two!).add([host]);
    const keytab = resolveKeytab(`ANY:${one},${missing},${two}`);
    expect(await keytab.entries()).toEqual([alice, host]);
    expect(await keytab.remove(() => true)).toBe(2);
    expect(await keytab.entries()).toEqual([]);
    await keytab.add([alice]);
    expect(await resolveKeytab(missing!).entries()).toEqual([alice]);
  });

  it('is missing where all of them are, and fails where one cannot be read', async () => {
    const directory = scratch();
    const missing = join(directory, 'missing');
    await expect(resolveKeytab(`ANY:${missing},${missing}`).entries()).rejects.toMatchObject({
      code: 'KEYTAB_NOT_FOUND',
    });
    await expect(resolveKeytab(`ANY:${missing},${directory}`).entries()).rejects.toMatchObject({
      code: 'KEYTAB_IO',
    });
  });
});

describe('a FILE keytab', () => {
  it('is made with mode 0600 when something is added', async () => {
    const path = join(scratch(), 'kt');
    const keytab = resolveKeytab(path);
    await keytab.add([alice]);
    await keytab.add([host, alice]);
    expect(await keytab.entries()).toEqual([alice, host, alice]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('stays the same file with the same mode when it is changed, also through a symlink', async () => {
    const directory = scratch();
    const path = join(directory, 'kt');
    await resolveKeytab(path).add([alice]);
    chmodSync(path, 0o640);
    const { ino } = statSync(path);
    symlinkSync('kt', join(directory, 'link'));
    await resolveKeytab(join(directory, 'link')).add([host]);
    expect(await resolveKeytab(path).remove(({ kvno }) => kvno === 300)).toBe(1);
    expect(statSync(path)).toMatchObject({ ino, mode: 0o100640 });
    expect(await resolveKeytab(path).entries()).toEqual([host]);
  });

  it('leaves zeros where a key was removed', async () => {
    const path = join(scratch(), 'kt');
    const secret = entry('alice@A.TEST', 1, {
      key: { keytype: 18, keyvalue: new Uint8Array(32).fill(0xaa) },
    });
    await resolveKeytab(path).add([host, secret, alice]);
    expect(await resolveKeytab(path).remove(({ kvno }) => kvno === 1)).toBe(1);
    expect(readFileSync(path).includes(0xaa)).toBe(false);
    expect(await resolveKeytab(path).entries()).toEqual([host, alice]);
    expect(await resolveKeytab(path).remove(({ kvno }) => kvno === 1)).toBe(0);
  });

  it('writes over a length of zero, behind which nothing is read', async () => {
    const path = join(scratch(), 'kt');
    writeFileSync(path, Buffer.concat([KeytabFile.encode([alice]), new Uint8Array(4)]));
    await resolveKeytab(path).add([host]);
    expect(await resolveKeytab(path).entries()).toEqual([alice, host]);
  });

  it('of version 1 stays one', async () => {
    const path = join(scratch(), 'kt');
    const format = { version: 1, order: 'little' } as const;
    writeFileSync(path, Buffer.concat([Uint8Array.of(5, 1), encodeRecord(alice, format)]));
    await resolveKeytab(path).add([host]);
    expect(scanKeytab(readFileSync(path))).toMatchObject({ format, damaged: false, records: { length: 2 } });
  });

  it('is whole from the first moment on, with nothing beside it', async () => {
    const directory = scratch();
    const path = join(directory, 'kt');
    const { add } = resolveKeytab(path);
    await Promise.all(Array.from({ length: 20 }, (_, kvno) => add([entry('host/a@A.TEST', kvno)])));
    expect((await resolveKeytab(path).entries()).map(({ kvno }) => kvno)).toEqual(
      Array.from({ length: 20 }, (_, kvno) => kvno),
    );
    expect(readdirSync(directory)).toEqual(['kt']);
  });

  it('may be one of a directory that nothing else can be put into', async () => {
    const directory = scratch();
    const path = join(directory, 'kt');
    await resolveKeytab(path).add([alice]);
    chmodSync(directory, 0o500);
    onTestFinished(() => chmodSync(directory, 0o700));
    await resolveKeytab(path).add([host]);
    expect(await resolveKeytab(path).entries()).toEqual([alice, host]);
  });

  it('that breaks off is read up to there and not written to', async () => {
    const path = join(scratch(), 'kt');
    await resolveKeytab(path).add([alice, host]);
    truncateSync(path, statSync(path).size - 5);
    expect(await resolveKeytab(path).entries()).toEqual([alice]);
    const damaged = refusal('KEYTAB_FORMAT', `Key table file '${path}' is damaged`);
    await expect(resolveKeytab(path).add([host])).rejects.toEqual(damaged);
    await expect(resolveKeytab(path).remove(() => true)).rejects.toEqual(damaged);
  });

  it('that is missing is reported in the native words', async () => {
    const path = join(scratch(), 'kt');
    const missing = refusal('KEYTAB_NOT_FOUND', `Key table file '${path}' not found`);
    await expect(resolveKeytab(path).entries()).rejects.toEqual(missing);
    await expect(resolveKeytab(path).remove(() => true)).rejects.toEqual(missing);
    await expect(resolveKeytab(join(path, '..', 'no', 'kt')).add([host])).rejects.toEqual(
      expect.objectContaining({ code: 'KEYTAB_NOT_FOUND' }),
    );
  });

  it('that is no keytab is reported in the native words, and never waited for', async () => {
    const directory = scratch();
    writeFileSync(join(directory, 'text'), 'some text');
    writeFileSync(join(directory, 'empty'), '');
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    mkdirSync(join(directory, 'd'));
    const version = 'Unsupported key table format version number';
    for (const path of [
      join(directory, 'text'),
      join(directory, 'empty'),
      join(directory, 'fifo'),
      '/dev/zero',
    ]) {
      await expect(resolveKeytab(path).entries()).rejects.toEqual(refusal('KEYTAB_FORMAT', version));
      await expect(resolveKeytab(path).add([host])).rejects.toEqual(refusal('KEYTAB_FORMAT', version));
    }
    const folder = resolveKeytab(join(directory, 'd'));
    await expect(folder.entries()).rejects.toEqual(refusal('KEYTAB_IO', 'Is a directory'));
    await expect(folder.add([host])).rejects.toEqual(refusal('KEYTAB_IO', 'Is a directory'));
  });
});

describe('a MEMORY keytab', () => {
  it('is one keytab for all handles of its name', async () => {
    expect(await resolveKeytab('MEMORY:one').entries()).toEqual([]);
    await resolveKeytab('MEMORY:one').add([alice, host]);
    expect(await resolveKeytab('MEMORY:one').remove(({ kvno }) => kvno === 2)).toBe(1);
    expect(await resolveKeytab('MEMORY:one').entries()).toEqual([alice]);
    expect(await resolveKeytab('MEMORY:two').entries()).toEqual([]);
  });
});

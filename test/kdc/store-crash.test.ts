import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDurableDatabase, openDurableDatabase } from '../../src/kdc/store/open.ts';
import type { DurableDatabase } from '../../src/kdc/store.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const realm = 'CRASH.TEST';
const [alice, bob] = ['alice', 'bob'].map(name => parsePrincipal(name, { defaultRealm: realm })) as [
  ReturnType<typeof parsePrincipal>,
  ReturnType<typeof parsePrincipal>,
];
const keychain = () => Promise.reject(new Error('there is none'));

let folder: string;
let path: string;
let watching: DurableDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-store-'));
  path = join(folder, 'principals.db');
  await build({
    entryPoints: [join(import.meta.dirname, 'store-worker.ts')],
    outfile: join(folder, 'worker.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // As the commands are built.
    supported: { 'dynamic-import': false },
    external: ['lmdb'],
    logLevel: 'warning',
  });
  watching = await createDurableDatabase(path, { realm, keychain });
  for (const principal of [alice, bob]) watching.add(principal, { random: true });
});

afterAll(async () => {
  await watching.close();
  rmSync(folder, { recursive: true });
});

/** Has another process change the database, and ends it without warning after so many changes and milliseconds. */
async function changeAndKill(changes: number, milliseconds: number): Promise<number> {
  const modules = join(import.meta.dirname, '../../node_modules');
  const child = spawn(process.execPath, [join(folder, 'worker.cjs'), path], {
    env: { ...process.env, NODE_PATH: modules },
  });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text;
    if (output.split('\n').length > changes) setTimeout(() => child.kill('SIGKILL'), milliseconds);
  });
  const signal = await new Promise(resolve => child.once('close', (_, by) => resolve(by)));
  expect(signal, errors).toBe('SIGKILL');
  return Number(output.trim().split('\n').at(-1));
}

const kvnos = (database: DurableDatabase) =>
  [alice, bob].map(principal => database.own(principal)!.keys[0]!.kvno);

it('is whole whenever a process that changes it is killed, and has all that it reported', async () => {
  for (let round = 0; round < 12; round++) {
    const reported = await changeAndKill(1 + (round % 4), Math.random() * 8);
    const [first, second] = kvnos(watching);
    expect(second).toBe(first);
    expect(first).toBeGreaterThanOrEqual(reported);
    const opened = await openDurableDatabase(path, { keychain });
    expect([...opened.principals()]).toHaveLength(3);
    // What was on the disk when the process died, but not announced, may come to light now.
    const [third, fourth] = kvnos(opened);
    expect(fourth).toBe(third);
    expect(third).toBeGreaterThanOrEqual(first!);
    await opened.close();
    // Nobody who died has locked us out.
    watching.update(alice, { maxLife: round });
    expect(watching.own(alice)?.policy.maxLife).toBe(round);
  }
});

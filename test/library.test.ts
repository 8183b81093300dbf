import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Bundles a program that uses the library, as a user's bundler would; resolves to its code and the files in it. */
async function bundle(program: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: root, loader: 'ts' },
    alias: { krb5kit: './src/index.ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logOverride: { 'ignored-bare-import': 'silent' },
  });
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { bytes: outputFiles[0]!.text.length, files: used.map(([file]) => file) };
}

describe('a bundle of what a program uses', () => {
  it('has nothing but principals for a program that parses a principal', async () => {
    const { bytes, files } = await bundle(`
      import { parsePrincipal } from 'krb5kit';
      console.log(parsePrincipal('alice@EXAMPLE.TEST'));`);
    expect(bytes).toBeLessThan(8 * 1024);
    const rooms = new Set(files.map(file => file.split('/')[1]));
    expect(
      [...rooms].filter(room => ['kdc', 'client', 'gss', 'http', 'crypto', 'ccache'].includes(room!)),
    ).toEqual([]);
  });

  it('has no KDC for a client', async () => {
    const { bytes, files } = await bundle(`
      import { getInitialCredential } from 'krb5kit';
      console.log(getInitialCredential);`);
    expect(files.filter(file => /^src\/(?:kdc|gss|http|agent|cli)\//.test(file))).toEqual([]);
    const { bytes: whole } = await bundle(`import * as all from 'krb5kit'; console.log(all);`);
    expect(bytes).toBeLessThan(whole / 2);
  });

  it('has nothing at all for a program that only imports it', async () => {
    expect((await bundle(`import 'krb5kit';`)).bytes).toBe(0);
  });
});

// Tells, as JSON, what an import of the library does to the process.
const WATCH = `
const read = [];
const real = process.env;
// Node's own loader looks for settings of its own at each module.
const note = name => new Error().stack.includes('/dist/') && read.push(String(name));
Error.stackTraceLimit = 100;
Object.defineProperty(process, 'env', {
  value: new Proxy(real, {
    get: (target, name) => (note(name), target[name]),
    has: (target, name) => (note(name), name in target),
    ownKeys: target => (note('*'), Reflect.ownKeys(target)),
  }),
});
const globals = () => Reflect.ownKeys(globalThis).map(String).sort();
const prototypes = () => [Object, Array, Uint8Array, Buffer, Promise, Date, String, Error, Map].map(
  ({ prototype }) => Reflect.ownKeys(prototype).map(String).join());
const listeners = () => process.eventNames().map(name => String(name) + process.listenerCount(name)).sort();
const { createHook } = await import('node:async_hooks');
const { writeSync } = await import('node:fs');
const opened = [];
// Reading the modules themselves is what an import is; node:dns makes a channel when it is loaded, and asks nothing.
createHook({ init: (id, type) => opened.push(type) }).enable();
const state = () => JSON.stringify([globals(), prototypes(), listeners(), process.cwd(), process.umask(), process.title]);
const before = state();
const library = await import(process.argv[1]);
const after = state();
await new Promise(resolve => setTimeout(resolve, 10)); // the files of the modules are closed by then
const modules = ['PROMISE', 'FSREQPROMISE', 'FSREQCALLBACK', 'FILEHANDLE', 'FILEHANDLECLOSEREQ', 'TickObject', 'Immediate', 'Timeout', 'MessagePort',
  'DNSCHANNEL'];
writeSync(1, JSON.stringify({
  exports: Object.keys(library).length,
  read,
  changed: before !== after,
  opened: opened.filter(type => !modules.includes(type)),
  left: process.getActiveResourcesInfo(),
}));
`;

describe.each(['index.js', 'kdc.js', 'kerberos/index.js'])('the import of dist/%s', file => {
  const path = join(root, 'dist', file);

  it.skipIf(!existsSync(path))('reads no environment, changes no global and opens nothing', async () => {
    const env = { PATH: process.env.PATH };
    const args = ['--input-type=module', '-e', WATCH, path];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
    const { exports, ...effects } = JSON.parse(stdout);
    expect(exports).toBeGreaterThan(0);
    expect(effects).toEqual({ read: [], changed: false, opened: [], left: [] });
    expect(stderr).toBe('');
  });
});

// Each process has what the package exports, by its own name.
const FIXTURE = `
import { KerberosError as shared } from 'krb5kit';
import { getInitialCredential, KdcError, KerberosError, parsePrincipal, startKdc } from 'krb5kit/kdc';
const kdc = await startKdc({ realm: 'LAB.TEST', users: [{ name: 'alice', password: 'secret' }], passwordPort: 0 });
const login = name => getInitialCredential(parsePrincipal(name + '@LAB.TEST'), { password: async () => 'secret' }, kdc);
const { credential } = await login('alice');
const error = await login('bob').catch(error => error);
await kdc.close();
console.log(credential.client.components[0], KerberosError === shared, error instanceof KdcError, error instanceof shared);
`;

describe('krb5kit/kdc', () => {
  it.skipIf(!existsSync(join(root, 'dist/kdc.js')) && process.env.CI !== 'true')(
    'starts a realm and logs in, with the errors of krb5kit',
    async () => {
      const args = ['--input-type=module', '-e', FIXTURE];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
      expect(stdout).toBe('alice true true true\n');
    },
  );

  it('exports nothing that krb5kit does not', async () => {
    const whole = Object.entries(await import('../src/index.ts'));
    const part = Object.entries(await import('../src/kdc-api.ts'));
    expect(part.length).toBeGreaterThan(0);
    expect(
      part.filter(([name, value]) => !whole.some(each => each[0] === name && each[1] === value)),
    ).toEqual([]);
  });
});

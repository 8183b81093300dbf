import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
    expect(files.filter(file => /^src\/(?:kdc|gss|http|agent|cli|local)\//.test(file))).toEqual([]);
    const { bytes: whole } = await bundle(`import * as all from 'krb5kit'; console.log(all);`);
    expect(bytes).toBeLessThan(whole / 2);
  });

  it('has nothing at all for a program that only imports it', async () => {
    expect((await bundle(`import 'krb5kit';`)).bytes).toBe(0);
  });
});

describe('a bundle of the package', () => {
  it.skipIf(!existsSync(join(root, 'dist/index.js')) && process.env.CI !== 'true')(
    'has the constants of the functions it has',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'krb5kit-bundle-'));
      const outfile = join(folder, 'bundle.mjs');
      const contents = `
      import { AsReq, errorName, formatPrincipal, FORWARDABLE, KerberosError, parsePrincipal } from './dist/index.js';
      export const principal = formatPrincipal(parsePrincipal('a@B'));
      export const found = [AsReq?.tags, FORWARDABLE, errorName(24), new KerberosError('HTTP').code];`;
      try {
        await build({
          stdin: { contents, resolveDir: root },
          outfile,
          bundle: true,
          platform: 'node',
          format: 'esm',
        });
        const { principal, found } = await import(pathToFileURL(outfile).href);
        expect(principal).toBe('a@B');
        expect(found).toEqual([[0x6a], 0x40000000, 'KDC_ERR_PREAUTH_FAILED', 'HTTP']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
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
// The files of the modules are closed in a while; what stays open is told of.
for (let i = 0; i < 500 && process.getActiveResourcesInfo().length > 0; i++) await new Promise(resolve => setTimeout(resolve, 20));
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
const MODULES = {
  'an ES module': {
    args: ['--input-type=module'],
    names: `import * as library from 'krb5kit/kdc'; import * as whole from 'krb5kit'; const OwnError = Error;`,
  },
  // As jest 29 has them.
  'an ES module that knows its address alone': {
    args: ['--input-type=module', '--experimental-vm-modules', '--no-warnings'],
    names: `
      import { readFileSync } from 'node:fs';
      import vm from 'node:vm';
      import * as whole from 'krb5kit';
      const { href } = new URL(import.meta.resolve('krb5kit/kdc'));
      const own = new vm.SourceTextModule(readFileSync(new URL(href), 'utf8'), {
        initializeImportMeta: meta => Object.assign(meta, { url: href }),
      });
      await own.link(() => undefined);
      await own.evaluate();
      const [library, OwnError] = [own.namespace, Error];`,
  },
  'a CommonJS module': {
    args: [],
    names: `const library = require('krb5kit/kdc'); const [whole, OwnError] = [library, Error];`,
  },
  // As jest has them, for each test.
  'a CommonJS module with globals of its own': {
    args: [],
    names: `
      const file = require.resolve('krb5kit/kdc');
      const [vm, code] = [require('node:vm'), require('node:fs').readFileSync(file, 'utf8')];
      const context = vm.createContext({ process, Buffer, Uint8Array, ArrayBuffer, setImmediate, setTimeout });
      const own = { exports: {} };
      const compiled = vm.compileFunction(code, ['module', 'require', '__dirname'], { parsingContext: context });
      compiled(own, require, require('node:path').dirname(file));
      const [library, whole] = [own.exports, require('krb5kit/kdc')];
      const OwnError = vm.runInContext('Error', context);`,
  },
};
const FIXTURE = `(async () => {
  const { getInitialCredential, parsePrincipal, startKdc } = library;
  const kdc = await startKdc({ realm: 'LAB.TEST', users: [{ name: 'alice', password: 'secret' }], passwordPort: 0 });
  const login = name => getInitialCredential(parsePrincipal(name + '@LAB.TEST'), { password: async () => 'secret' }, kdc);
  const { credential } = await login('alice');
  const error = await login('bob').catch(error => error);
  await kdc.close();
  const kinds = [library, whole].flatMap(({ KdcError, KerberosError }) => [KdcError, KerberosError]);
  console.log(credential.client.components[0], ...[OwnError, ...kinds].map(kind => error instanceof kind));
  console.log(error instanceof whole.CodecError);
})();`;

// As much of jest as the documentation uses.
const JEST = `
const assert = require('node:assert');
const steps = [];
const beforeAll = step => steps.push([step]);
const afterAll = step => steps.push([step]);
const test = (name, step) => steps.splice(-1, 0, [step, name]);
const expect = value => ({
  toBeLessThanOrEqual: most => assert(value <= most),
  rejects: { toThrow: type => assert.rejects(value, type) },
});
setImmediate(async () => {
  for (const [step, name] of steps) {
    await step();
    if (name) console.log(name);
  }
});
`;

describe('krb5kit/kdc', () => {
  it
    .skipIf(!existsSync(join(root, 'dist/kdc.js')) && process.env.CI !== 'true')
    .each(Object.entries(MODULES))(
    'starts a realm and logs in from %s, with the errors of krb5kit',
    async (_, { args, names }) => {
      const command = [...args, '-e', `${names}\n${FIXTURE}`];
      const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root });
      expect(stdout).toBe('alice true true true true true\nfalse\n');
    },
  );

  it.skipIf(!existsSync(join(root, 'dist/kdc.cjs')) && process.env.CI !== 'true')(
    'is for jest what docs/kdc.md says',
    async () => {
      const [, example] = /```js\n(.*?)```/s.exec(readFileSync(join(root, 'docs/kdc.md'), 'utf8'))!;
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', `${JEST}${example}`], {
        cwd: root,
      });
      expect(stdout).toBe('a ticket lasts for a day at most\na wrong password gets none\n');
    },
  );

  // It loads, and vitest first makes, every module of the library.
  it('exports nothing that krb5kit does not', { timeout: 60_000 }, async () => {
    const whole = Object.entries(await import('../src/index.ts'));
    const part = Object.entries(await import('../src/kdc-api.ts'));
    expect(part.length).toBeGreaterThan(0);
    expect(
      part.filter(([name, value]) => !whole.some(each => each[0] === name && each[1] === value)),
    ).toEqual([]);
  });
});

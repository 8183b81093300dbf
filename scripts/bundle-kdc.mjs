// Bundles krb5kit/kdc, which tests start anew in each process, the way the commands are: few files, Node's own modules
// loaded when first used, and the bytecode of a rehearsal. There are an ES module and a CommonJS one of it, for jest.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { transform } from 'esbuild';
import { bundleEntry, target } from './bundle.mjs';
import { codeCache } from './bytecode.mjs';

/** The bundle's; krb5kit takes no command of such a name. */
const name = 'kdcLibrary';

/** Imported dynamically, and there from the start all the same: every login with a password has them. */
const always = ['./preauth/spake.ts', './kdc/preauth/spake.ts', './kdc/preauth/otp.ts'];

/** Writes `kdc.js`, `kdc.cjs` and, under bin, their bundle into `outDir`, where tsc has compiled the library before. */
export async function bundleKdc(root, outDir) {
  const directory = join(root, 'src');
  const chunks = await bundleEntry(root, join(outDir, 'bin'), {
    name,
    entry: [...always.map(file => `import '${file}';`), `export * from './kdc-api.ts';`].join('\n'),
    directory,
    splitting: true,
    plugins: [startWith(always, directory)],
  });
  const { source, stamp } = chunks.find(chunk => chunk.name === name);
  const bytecode = codeCache(source, stamp, await rehearse(source));
  writeFileSync(join(outDir, 'bin', `${name}.cache`), bytecode);
  const api = await import(pathToFileURL(join(outDir, 'kdc-api.js')));
  const launcher = readFileSync(join(root, 'scripts/launcher.cjs'), 'utf8');
  const exported = Object.keys(api).join(', ');
  await writeModule(join(outDir, 'kdc.js'), 'esm', esModule(launcher, exported));
  await writeModule(join(outDir, 'kdc.cjs'), 'cjs', commonModule(launcher, exported));
  writeFileSync(join(outDir, 'kdc-api.d.cts'), commonDeclarations(api));
}

async function writeModule(file, format, text) {
  const { code } = await transform(text, { format, target, minify: true });
  writeFileSync(file, code);
}

function esModule(launcher, exported) {
  // jest 29 has ES modules know their address alone.
  const directory = `import.meta.dirname ?? own('node:url').fileURLToPath(new URL('.', import.meta.url))`;
  return `
    const builtin = id => process.getBuiltinModule(id);
    const own = id => (id.startsWith('node:') ? builtin(id) : builtin('node:module').createRequire(import.meta.url)(id));
    ${loader(launcher, directory)}
    export const { ${exported} } = load('${name}');`;
}

function commonModule(launcher, exported) {
  return `
    'use strict';
    const own = require;
    ${loader(launcher, '__dirname')}
    const { ${exported} } = load('${name}');
    module.exports = { ${exported} };`;
}

// The launcher of the commands, which takes the bundle by its bytecode. A runner that gives each test globals of its own,
// as jest does, has them in the test's modules but not in Node's; there the bundle is to have those of the test.
function loader(launcher, dirname) {
  return `
    const { Script } = own('node:vm');
    class ScriptOfTest {
      constructor(source, { filename }) {
        this.runInThisContext = () => (0, eval)(source + '//# sourceURL=' + filename);
      }
    }
    const vm = Script instanceof Function ? { Script } : { Script: ScriptOfTest };
    const load = ((require, __dirname, module) => {
      ${launcher}
      return load;
    })(id => (id === 'node:vm' ? vm : own(id)), ${dirname}, {});`;
}

// What is declared for ES modules, as a CommonJS module has it.
function commonDeclarations(api) {
  const from = `from './kdc-api.js' with { 'resolution-mode': 'import' };`;
  const values = Object.entries(api).flatMap(([name, value]) => [
    `export declare const ${name}: typeof api.${name};`,
    ...(value.toString().startsWith('class') ? [`export type ${name} = api.${name};`] : []),
  ]);
  return [`import type * as api ${from}`, `export type * ${from}`, ...values, ''].join('\n');
}

// The package says that none of its modules does anything when it is loaded, so that esbuild leaves out imports of no name.
function startWith(files, directory) {
  return {
    name: 'start-with',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/.*\.ts$/, namespace: 'entry' }, ({ path }) =>
        files.includes(path) ? { path: join(directory, path), sideEffects: true } : undefined,
      );
    },
  };
}

/** The bytecode of what a test that logs in uses; undefined where no sockets are to be had. */
async function rehearse(source) {
  const script = new Script(source);
  const module = { exports: {} };
  const own = createRequire(import.meta.url);
  const require = id => (id.startsWith('./') ? module.exports : own(id));
  script.runInThisContext()(module.exports, require, module);
  const { getInitialCredential, parsePrincipal, startKdc } = module.exports;
  try {
    const user = { name: 'alice', password: 'wonderland' };
    const kdc = await startKdc({ realm: 'EXAMPLE.TEST', users: [user], services: ['HTTP/localhost'] });
    const client = parsePrincipal('alice@EXAMPLE.TEST');
    await getInitialCredential(client, { password: async () => user.password }, { transport: kdc.transport });
    kdc.keytab('HTTP/localhost');
    await kdc.close();
    return script.createCachedData();
  } catch {
    return undefined;
  }
}

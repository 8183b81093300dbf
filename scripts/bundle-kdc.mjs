// Bundles krb5kit/kdc, which tests start anew in each process, the way the commands are: few files, Node's own modules
// loaded when first used, and the bytecode of a rehearsal. Errors stay in the file they share with the rest of the
// library, so that they are of the same classes.
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

/** What the bundle asks for to have errors.js. */
const errorsId = 'krb5kit-errors';

/** Writes `kdc.js` and, under bin, its bundle into `outDir`, where tsc has compiled the library before. */
export async function bundleKdc(root, outDir) {
  const errors = await import(pathToFileURL(join(outDir, 'errors.js')));
  const directory = join(root, 'src');
  const chunks = await bundleEntry(root, join(outDir, 'bin'), {
    name,
    entry: [...always.map(file => `import '${file}';`), `export * from './kdc-api.ts';`].join('\n'),
    directory,
    splitting: true,
    plugins: [startWith(always, directory), errorsStayApart(Object.keys(errors))],
  });
  const { source, stamp } = chunks.find(chunk => chunk.name === name);
  const bytecode = codeCache(source, stamp, await rehearse(source, errors));
  writeFileSync(join(outDir, 'bin', `${name}.cache`), bytecode);
  const api = await import(pathToFileURL(join(outDir, 'kdc-api.js')));
  writeFileSync(join(outDir, 'kdc.js'), await loader(root, Object.keys(api)));
}

/** The module that users import: the launcher of the commands, which takes the bundle by its bytecode. */
async function loader(root, exported) {
  const launcher = readFileSync(join(root, 'scripts/launcher.cjs'), 'utf8');
  const text = `
    import * as errors from './errors.js';
    const builtin = id => process.getBuiltinModule(id);
    function require(id) {
      if (id === '${errorsId}') return errors;
      return id.startsWith('node:') ? builtin(id) : builtin('node:module').createRequire(import.meta.url)(id);
    }
    const __dirname = import.meta.dirname;
    const module = {};
    ${launcher}
    export const { ${exported.join(', ')} } = load('${name}');`;
  const { code } = await transform(text, { format: 'esm', target, minify: true });
  return code;
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

function errorsStayApart(names) {
  const contents = `export { ${names.join(', ')} } from '${errorsId}';`;
  return {
    name: 'errors-stay-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\/errors\.ts$/ }, () => ({
        path: 'errors',
        namespace: 'apart',
        sideEffects: false,
      }));
      onResolve({ filter: new RegExp(`^${errorsId}$`) }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /.*/, namespace: 'apart' }, () => ({ contents }));
    },
  };
}

/** The bytecode of what a test that logs in uses; undefined where no sockets are to be had. */
async function rehearse(source, errors) {
  const script = new Script(source);
  const module = { exports: {} };
  const own = createRequire(import.meta.url);
  const require = id => (id === errorsId ? errors : id.startsWith('./') ? module.exports : own(id));
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

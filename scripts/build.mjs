// Builds dist/: the library (ES modules and declarations, by tsc), a bundle of krb5kit/kdc, and one CommonJS bundle per command with its
// V8 code cache; and the launchers in bin/. `--if-stale` does nothing when dist/ was built from the same sources by the same Node.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleCommands } from './bundle.mjs';
import { bundleKdc } from './bundle-kdc.mjs';
import { distIsFresh, sourceStamp } from './stale.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the package exports. */
const entries = ['index.js', 'kdc-api.js', 'kerberos/api.js', 'kerberos/index.js'];

if (!(process.argv.includes('--if-stale') && distIsFresh(root))) await build();

// Made beside dist/ and then renamed, so that a command started meanwhile sees a complete directory.
async function build() {
  writeLaunchers();
  const stamp = sourceStamp(root);
  const fresh = join(root, `.dist-${process.pid}`);
  const old = `${fresh}-old`;
  try {
    mkdirSync(join(fresh, 'bin'), { recursive: true });
    compileLibrary(fresh);
    for (const file of entries) await nameWhatIsPassedOn(join(fresh, file));
    await bundleCommands(root, join(fresh, 'bin'));
    await bundleKdc(root, fresh);
    for (const schema of ['kdc.schema.json', 'output.schema.json']) {
      copyFileSync(join(root, 'src/cli', schema), join(fresh, schema));
    }
    copyFileSync(join(root, 'scripts/bytecode.cjs'), join(fresh, 'bytecode.cjs'));
    writeFileSync(join(fresh, '.stamp'), stamp);
    if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), old);
    renameSync(fresh, join(root, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

// Each launcher holds the whole of scripts/launcher.cjs: to require it would cost every command half a millisecond.
function writeLaunchers() {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const source = readFileSync(join(root, 'scripts/launcher.cjs'), 'utf8');
  for (const [name, file] of Object.entries(bin)) {
    const note = '// Written by scripts/build.mjs from scripts/launcher.cjs.';
    const text = `#!/usr/bin/env node\n${note}\n${source}\nrun('${name}', process.argv.slice(2));\n`;
    const path = join(root, file);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
}

function compileLibrary(outDir) {
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the library does not compile');
}

// In a package without side effects, esbuild loses the module that is passed on by `export *` here and imported
// dynamically there: a bundle would have its functions, but its constants would be undefined. It keeps what is named.
async function nameWhatIsPassedOn(file) {
  let text = readFileSync(file, 'utf8');
  for (const [statement, id] of text.matchAll(/^export \* from '(.+)';$/gm)) {
    const names = Object.keys(await import(new URL(id, pathToFileURL(file))));
    text = text.replace(statement, `export { ${names.join(', ')} } from '${id}';`);
  }
  writeFileSync(file, text);
}

// The V8 code cache of a bundle, as scripts/launcher.cjs wants it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import launcher from './launcher.cjs';

/** Commands that can show at build time what they will run: the arguments of a typical use. */
const rehearsals = { klist: ['-e', '-f'] };

/** The contents of the cache file of `bundle`, a file with the stamp `stamp`. */
export function codeCache(bundle, name, stamp) {
  const payload = rehearsed(bundle, rehearsals[name]) ?? complete(readFileSync(bundle, 'utf8'));
  return Buffer.concat([Buffer.from(launcher.header(stamp), 'latin1'), payload, payload]);
}

// What a run uses is a third of the whole, and that much faster to load. The command finds a sample cache, and
// neither the configuration nor the keychain of whoever builds.
function rehearsed(bundle, argv) {
  if (argv === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-build-'));
  try {
    const output = join(folder, 'bytecode');
    const cache = join(folder, 'cache');
    const config = join(folder, 'krb5.conf');
    copyFileSync(new URL('rehearsal.ccache', import.meta.url), cache);
    writeFileSync(config, '[libdefaults]\n\tdefault_realm = A.TEST\n');
    const { NODE_OPTIONS: _, ...others } = process.env; // its flags would be part of the cache
    const env = { ...others, HOME: folder, KRB5_CONFIG: config, KRB5CCNAME: `FILE:${cache}` };
    const script = fileURLToPath(new URL('rehearse.cjs', import.meta.url));
    spawnSync(process.execPath, [script, bundle, output, ...argv], { env, stdio: 'ignore', timeout: 10_000 });
    return readFileSync(output);
  } catch {
    return undefined; // the complete cache serves as well
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Without --no-lazy the cache would lack every function that a run compiles when it is first called.
function complete(source) {
  setFlagsFromString('--no-lazy');
  const script = new Script(launcher.wrap(source));
  setFlagsFromString('--lazy');
  return script.createCachedData();
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../support/peers.ts';
import { buildGo, type Prepared } from './engine-peers.ts';
import type { GssLab } from './gss-lab.ts';

const programs = fileURLToPath(new URL('gss-peers', import.meta.url));

/** The commands of the peers that are installed, by their names; tells of the others why not. */
export function prepareGssPeers(lab: GssLab): ReadonlyMap<string, readonly string[]> {
  const commands = new Map<string, readonly string[]>();
  for (const [name, prepare] of Object.entries(peers)) {
    const prepared = prepare(lab);
    if ('command' in prepared) commands.set(name, prepared.command);
    else console.warn(`${name} is left out: ${prepared.reason}`);
  }
  return commands;
}

const peers: Readonly<Record<string, (lab: GssLab) => Prepared>> = {
  'npm kerberos'() {
    const folder = npmKerberos();
    if (typeof folder !== 'string') return folder;
    const argument = JSON.stringify({ npmKerberos: folder });
    return { command: [process.execPath, join(programs, 'npm-kerberos.mjs'), argument] };
  },
  MIT({ folder, service }) {
    const program = join(folder, 'mit');
    const source = join(programs, 'mit.c');
    const missing = notCompiling();
    if (missing !== undefined) return { reason: missing };
    const args = ['-O2', '-o', program, source, '-lgssapi_krb5', '-lkrb5'];
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
    return status === 0 ? { command: [program, service] } : { reason: stderr.trim() };
  },
  gokrb5(lab) {
    const built = buildGo(join(programs, 'gokrb5.go'), lab.folder);
    return 'command' in built ? { command: [...built.command, JSON.stringify(lab)] } : built;
  },
};

/**
 * A folder whose node_modules have npm `kerberos`, which is compiled when it is installed, and therefore none of our own
 * dependencies: NPM_KERBEROS names one, where it is installed if it is not there.
 */
function npmKerberos(): string | { readonly reason: string } {
  const { NPM_KERBEROS } = process.env;
  if (NPM_KERBEROS === undefined || NPM_KERBEROS === '') {
    return { reason: 'NPM_KERBEROS does not name a folder to have it in' };
  }
  const folder = resolve(NPM_KERBEROS);
  if (!existsSync(join(folder, 'node_modules/kerberos'))) {
    const missing = notCompiling();
    if (missing !== undefined) return { reason: missing };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{}', { flag: 'a' });
    spawnSync('npm', ['install', '--prefix', folder, '--no-save', 'kerberos'], { stdio: 'inherit' });
  }
  try {
    createRequire(join(folder, 'package.json'))('kerberos');
    return folder;
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

function notCompiling(): string | undefined {
  if (findProgram('gcc') === undefined) return 'gcc is not installed';
  return existsSync('/usr/include/gssapi/gssapi_krb5.h') ? undefined : 'libkrb5-dev is not installed';
}

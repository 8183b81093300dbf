import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { KerberosError } from '../errors.ts';
import type { RunningKdc } from '../kdc/start.ts';
import { resolveKeytab } from '../keytab/keytab.ts';
import { type Arguments, type Command, during, UsageError } from './command.ts';
import { temporaryDirectory } from './directories.ts';
import { type RealmSpec, readRealm, realmOptions } from './kdc-realm.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit kdc run';

/** kdc run: gives a command a realm of its own and removes everything after it. */
export const kdcRun: Command = {
  name,
  summary: 'Run a command with a realm of its own, which is gone when the command ends.',
  operands: '-- command [argument...]',
  usageStatus: 2,
  options: realmOptions,
  epilogue:
    "\nThe command finds the realm by KRB5_CONFIG, the services' keys by KRB5_KTNAME, and keeps its tickets in\n" +
    'KRB5CCNAME, all in a directory that is removed when it ends. Its exit status is passed on.',
  passThrough: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [program, ...rest] = args.operands;
  if (program === undefined) throw new UsageError(`${name}: name the command to run`);
  const spec = readRealm(args, name);
  const directory = mkdtempSync(join(temporaryDirectory(io), 'krb5kit-kdc-'));
  const keytab = args.value('keytab');
  try {
    const { startKdc } = await import('../kdc/start.ts');
    const kdc = await during('starting the KDC', () => startKdc({ ...spec, now: () => io.now() }));
    try {
      const env = await prepare(directory, { kdc, spec, keytab }, io);
      return await runProgram(program, rest, env, io);
    } finally {
      await kdc.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
    if (keytab !== undefined) rmSync(pathOf(keytab), { force: true });
  }
}

interface Realm {
  readonly kdc: RunningKdc;
  readonly spec: RealmSpec;
  readonly keytab: string | undefined;
}

/** Puts the realm's files into the directory; resolves to the environment that names them. */
async function prepare(
  directory: string,
  { kdc, spec, keytab }: Realm,
  { env }: Io,
): Promise<NodeJS.ProcessEnv> {
  const conf = join(directory, 'krb5.conf');
  const keys = keytab ?? join(directory, 'service.keytab');
  writeFileSync(conf, kdc.krb5Conf(), { mode: 0o600 });
  if (keytab !== undefined) rmSync(pathOf(keytab), { force: true });
  await during(`writing keytab ${keys}`, () =>
    resolveKeytab(keys).add(kdc.keytab(...spec.services.map(service => service.name))),
  );
  return {
    ...env,
    KRB5_CONFIG: conf,
    KRB5CCNAME: `FILE:${join(directory, 'ccache')}`,
    KRB5_KTNAME: keys.includes(':') ? keys : `FILE:${keys}`,
    KRB5RCACHEDIR: directory,
    KRB5KIT_REALM: kdc.realm,
  };
}

function pathOf(keytab: string): string {
  return keytab.replace(/^(WR)?FILE:/, '');
}

/** Runs the program with our own input and output; its exit status, or 128 and the signal that ended it. */
function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  io: Io,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: 'inherit', cwd: io.cwd });
    const stopForwarding = io.onStop(signal => child.kill(signal));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      stopForwarding();
      const reason = cause.code === 'ENOENT' ? 'No such program' : `Cannot start (${cause.code})`;
      reject(new KerberosError('ABORTED', `${program}: ${reason}`, { cause }));
    });
    child.once('close', (status, signal) => {
      stopForwarding();
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

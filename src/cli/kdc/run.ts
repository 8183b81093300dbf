import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemReason } from '../../errno.ts';
import { KerberosError, KeytabError } from '../../errors.ts';
import type { RunningKdc } from '../../kdc/start.ts';
import { resolveKeytab } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { temporaryDirectory } from '../../local/directories.ts';
import { type Arguments, type Command, jsonOption, UsageError } from '../command.ts';
import { inheritedDescriptors } from '../run/descriptors.ts';
import { catchSignals, startProgram } from '../run/program.ts';
import { tellShortly } from '../run-command.ts';
import type { Io } from '../terminal.ts';
import { startWipeWatchdog, type WipeWatchdog } from '../wipe-watchdog.ts';
import { type Keytabs, writeKeytabs } from './keytabs.ts';
import { checkNameable } from './place.ts';
import { type RealmSpec, readRealm, realmOptions, serviceNames } from './realm.ts';
import { followTroubleFile, writeTroubleFile } from './trouble-file.ts';

const name = 'krb5kit kdc run';

/** kdc run: gives a command a realm of its own and removes everything afterwards. */
export const kdcRun: Command = {
  name,
  summary: 'Run a command with its own realm, which is removed when the command ends.',
  operands: '-- command [argument...]',
  usageStatus: 2,
  options: [...realmOptions, jsonOption],
  epilogue:
    "\nThe command finds the realm through KRB5_CONFIG and the services' keys through KRB5_KTNAME, and keeps its " +
    'tickets in KRB5CCNAME, all in a directory that is removed at the end. The exit status is that of the command.',
  passThrough: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [program, ...rest] = args.operands;
  if (program === undefined) throw new UsageError(`${name}: name the command to run`);
  const named = args.value('keytab');
  const keytab = named === undefined ? undefined : keytabPath(named, io);
  const descriptors = inheritedDescriptors();
  // From here on, signals must not end us before everything is removed.
  const stop = catchSignals(io);
  const made: string[] = [];
  let watchdog: WipeWatchdog | undefined;
  try {
    const spec = await readRealm(args, name);
    const keytabs: Keytabs = new Map([...spec.keytabs].map(([path, names]) => [keytabPath(path, io), names]));
    const directory = makeDirectory(io);
    made.push(directory, ...keytabs.keys(), ...(keytab === undefined ? [] : [keytab]));
    // No keys must remain even if we are killed.
    watchdog = startWipeWatchdog(made, io.platform);
    const { startKdc } = await import('../../kdc/start.ts');
    const trouble = join(directory, 'trouble');
    writeTroubleFile(trouble, spec.trouble);
    const nextTrouble = followTroubleFile(trouble, name, io);
    const kdc = await during('starting the KDC', () =>
      startKdc({ ...spec, now: () => io.now(), nextTrouble }),
    );
    try {
      const env = await prepare({ directory, kdc, spec, keytab, keytabs }, io);
      const failed = (error: KerberosError, exitStatus: number): Promise<void> =>
        tellShortly({ program: name, error, exitStatus }, args, io);
      const { pid, status } = startProgram([program, ...rest], { failed, env, stop, io, descriptors });
      if (pid !== undefined) watchdog.end(pid);
      return await status;
    } finally {
      await kdc.close();
    }
  } finally {
    for (const path of made) removeMade(path, io);
    watchdog?.dismiss();
    stop.release();
  }
}

/** Reports a failure to remove; the exit status is that of the command all the same. */
function removeMade(path: string, io: Io): void {
  try {
    // Processes that the command has left running may still be writing there.
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    io.err(`${name}: Cannot remove ${path}: ${systemReason(error)}\n`);
  }
}

/** The path of a keytab to be written. Throws KeytabError rather than lose an existing file. */
function keytabPath(named: string, io: Io): string {
  const { name: full } = resolveKeytab(named);
  if (!full.startsWith('FILE:')) throw new UsageError(`${name}: '${named}' is not a file`);
  const path = resolve(io.cwd, full.slice('FILE:'.length));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (!found.isFile() || found.size > 0)) {
    throw new KeytabError(
      'KEYTAB_IO',
      `Key table file '${path}' exists already, and would be removed at the end`,
    );
  }
  return path;
}

function makeDirectory(io: Io): string {
  // The absolute path is the same for a command that changes its directory, and when it is removed.
  const parent = resolve(io.cwd, temporaryDirectory(io) || '/tmp');
  checkNameable(parent);
  try {
    return mkdtempSync(join(parent, 'krb5kit-kdc-'));
  } catch (cause) {
    throw new KerberosError('CONFIG_VALUE', `Cannot make a directory in ${parent}: ${systemReason(cause)}`, {
      cause,
    });
  }
}

interface Realm {
  readonly directory: string;
  readonly kdc: RunningKdc;
  readonly spec: RealmSpec;
  readonly keytab: string | undefined;
  readonly keytabs: Keytabs;
}

/** Writes the realm's files into the directory; resolves to the environment that names them. */
async function prepare(
  { directory, kdc, spec, keytab, keytabs }: Realm,
  { env }: Io,
): Promise<NodeJS.ProcessEnv> {
  const conf = join(directory, 'krb5.conf');
  const keys = keytab ?? join(directory, 'service.keytab');
  writeFileSync(conf, kdc.krb5Conf(), { mode: 0o600 });
  // An empty file, as mktemp makes it, is not a keytab to which keys could be added.
  for (const path of [...keytabs.keys(), keys]) rmSync(path, { force: true });
  await writeKeytabs(keytabs, kdc);
  await writeKeytabs(new Map([[keys, serviceNames(spec)]]), kdc);
  const { KRB5_CLIENT_KTNAME, KRB5RCACHENAME, ...others } = env;
  return {
    ...others,
    KRB5_CONFIG: conf,
    KRB5CCNAME: `FILE:${join(directory, 'ccache')}`,
    KRB5_KTNAME: `FILE:${keys}`,
    KRB5RCACHEDIR: directory,
    KRB5KIT_REALM: kdc.realm,
    KRB5KIT_TROUBLE: join(directory, 'trouble'),
    ...(kdc.kkdcpUrl === undefined ? {} : { KRB5KIT_KKDCP_URL: kdc.kkdcpUrl }),
  };
}

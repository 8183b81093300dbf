import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason } from '../errno.ts';
import { ConfigError } from '../errors.ts';
import type { RunningKdc } from '../kdc/start.ts';
import type { Trouble } from '../kdc/trouble.ts';
import { during } from '../local/activity.ts';
import { type Arguments, type Command, jsonOption } from './command.ts';
import { boundedLog } from './kdc/bounded-log.ts';
import { databaseCommands } from './kdc/commands.ts';
import { kdcStart, kdcStatus, kdcStop } from './kdc/control.ts';
import { servedOptions } from './kdc/database.ts';
import { writeKeytabs } from './kdc/keytabs.ts';
import { KDC_FILES, makePlace, occupy, type Place } from './kdc/place.ts';
import { readRealm, realmOptions, serviceNames } from './kdc/realm.ts';
import { kdcRun } from './kdc/run.ts';
import { servedDatabase, servedRealm } from './kdc/served.ts';
import { followTroubleFile, writeTroubleFile } from './kdc/trouble-file.ts';
import { runCommand } from './run-command.ts';
import { subcommandOf } from './subcommand.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit kdc';

const subcommands: Readonly<Record<string, Command>> = {
  run: kdcRun,
  start: kdcStart,
  stop: kdcStop,
  status: kdcStatus,
  ...databaseCommands,
};
const width = Math.max(...Object.keys(subcommands).map(word => word.length));
const list = Object.entries(subcommands).map(
  ([word, { summary }]) => `  ${word.padEnd(width)}  ${summary}\n`,
);

/** kdc: runs a KDC for one realm in the foreground, or around a command with `kdc run`. */
export const kdc: Command = {
  name,
  summary: 'Run a KDC for tests and development, and manage its database.',
  operands: '[command [argument...]]',
  usageStatus: 2,
  options: [
    ...realmOptions,
    ...servedOptions,
    { flags: '--krb5-conf <file>', text: 'Write a krb5.conf for clients to this file.' },
    { flags: '--reuse-port', text: 'Let other KDCs listen on the same port; needs Node 23.1 or later.' },
    { flags: '-q, --quiet', text: 'Do not print a line for each request.' },
    { flags: '--directory <directory>', text: 'Keep the files of "start" in this directory.', hidden: true },
    jsonOption,
  ],
  epilogue:
    '\n"run" gives a command its own realm: see krb5kit kdc run --help.\n' +
    '"start" runs the KDC in the background until "stop": eval "$(krb5kit kdc start)".\n' +
    `\nCommands:\n${list.join('')}\n${name} <command> --help shows the options of a command.`,
  passThrough: true,
  subcommands,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const subcommand = subcommandOf(kdc, args);
  if (subcommand !== undefined) return runCommand(subcommand, args.operands.slice(1), io);
  const read = await readRealm(args, name);
  const database = await servedDatabase(args, io, name);
  const spec = database === undefined ? read : servedRealm(read, args, database);
  const { startKdc } = await import('../kdc/start.ts');
  const directory = args.value('directory');
  const log = args.has('quiet') ? undefined : await openLog(directory, io);
  const nextTrouble = directory === undefined ? undefined : troubleIn(directory, spec.trouble, io);
  const reusePort = args.has('reusePort');
  const running = await during('starting the KDC', () =>
    startKdc({ ...spec, reusePort, now: () => io.now(), log, nextTrouble }),
  );
  try {
    const keytab = args.value('keytab');
    await writeKeytabs(spec.keytabs, running);
    if (keytab !== undefined) await writeKeytabs(new Map([[keytab, serviceNames(spec)]]), running);
    writeConf(args.value('krb5Conf'), running);
    const place = directory === undefined ? undefined : await occupy(directory, { kdc: running, spec }, io);
    try {
      io.out(`KDC of ${running.realm} ready on ${running.host} port ${running.port}\n`);
      if (running.kkdcpUrl !== undefined) io.out(`By HTTP: ${running.kkdcpUrl}\n`);
      await stopped(place, io);
    } finally {
      place?.leave();
    }
  } finally {
    await running.close();
    await database?.close();
  }
  return 0;
}

async function openLog(directory: string | undefined, io: Io): Promise<(line: string) => void> {
  const write = await io.openLog('stdout');
  const print = (line: string): void => write(`${line}\n`);
  return directory === undefined ? print : boundedLog(join(directory, KDC_FILES.log), print);
}

function troubleIn(directory: string, trouble: Trouble | undefined, io: Io): () => Trouble | undefined {
  const path = join(directory, KDC_FILES.trouble);
  makePlace(directory);
  writeTroubleFile(path, trouble);
  return followTroubleFile(path, name, io);
}

function writeConf(file: string | undefined, kdc: RunningKdc): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, kdc.krb5Conf());
  } catch (cause) {
    throw new ConfigError(
      'CONFIG_UNREADABLE',
      `Cannot write ${file}: ${systemReason(cause)}`,
      { file },
      { cause },
    );
  }
}

/** Resolves when the KDC is asked to stop, or its directory is removed, as at a logout or with a folder of tests. */
function stopped(place: Place | undefined, io: Io): Promise<void> {
  return new Promise(resolve => {
    // It also keeps the process, and with it the files, of a KDC that has disappeared by --trouble.
    const watch = setInterval(() => {
      if (place?.isKept() === false) end();
    }, PAUSE);
    const end = (): void => {
      clearInterval(watch);
      resolve();
    };
    io.onStop(end);
  });
}

/** Milliseconds between two looks at the directory. */
const PAUSE = 2000;

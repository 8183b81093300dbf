import { join } from 'node:path';
import { printable } from '../../codec/text.ts';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { dataDirectory } from '../../local/directories.ts';
import type { Arguments } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { muted } from '../manners.ts';
import { tellError, tellShortly } from '../run-command.ts';
import { endSessions, makeSessions } from '../session/registry.ts';
import type { Io } from '../terminal.ts';
import { shellArrangements } from './shell-lines.ts';
import { unknownShell } from './shells.ts';
import { type Arrangement, type Standing, serviceArrangement } from './units.ts';

const name = 'krb5kit logout';

/** Arranges for tickets to be destroyed at the end of sessions, in every possible way; reports what is done. */
export async function installLogout(args: Arguments, io: Io): Promise<number> {
  if (args.has('json')) return inJson(installLogout, args, io);
  let status = await forEach(io, (arrangement, standing) => {
    if (standing === 'impossible') return 0;
    if (standing !== 'installed') return arrangement.install();
    io.out(`${printable(`Installed already: ${arrangement.what}`)}\n`);
    return 0;
  });
  if (io.platform !== 'win32') status = attempt(io, () => makePlace(dataDirectory(io))) || status;
  return tellUnknownShell(io) || status;
}

/** The lines for shells record sessions only if there is a directory for them. */
function makePlace(data: string): number {
  try {
    makeSessions(data);
    return 0;
  } catch (error) {
    const reason = systemReason(error);
    throw new KerberosError('CONFIG_UNREADABLE', `Cannot make ${join(data, 'sessions')}: ${reason}`);
  }
}

/** Undoes it and reports what is done. Existing sessions will end as if it had never been installed. */
export async function uninstallLogout(args: Arguments, io: Io): Promise<number> {
  if (args.has('json')) return inJson(uninstallLogout, args, io);
  let any = false;
  const status = await forEach(io, (arrangement, standing) => {
    if (standing === 'impossible' || standing === 'absent') return 0;
    any = true;
    return arrangement.uninstall();
  });
  endSessions(dataDirectory(io));
  if (!any && status === 0) io.out('Nothing is installed\n');
  return status;
}

/** Does it without output, and reports the resulting state in JSON. */
async function inJson(
  action: (args: Arguments, io: Io) => Promise<number>,
  args: Arguments,
  io: Io,
): Promise<number> {
  const plain = { ...args, has: (option: string) => option !== 'json' && args.has(option) };
  const status = await action(plain, muted(io));
  await showStatusInJson(args, io);
  return status;
}

const words: Readonly<Record<Standing, string>> = {
  installed: 'Installed',
  outdated: 'Out of date',
  absent: 'Not installed',
  impossible: '',
};

/** Shows what is installed; the exit status is 0 if everything is. */
export async function showLogoutStatus(args: Arguments, io: Io): Promise<number> {
  if (args.has('json')) return showStatusInJson(args, io);
  let any = false;
  const status = await forEach(io, ({ what }, standing) => {
    if (standing === 'impossible') return 0;
    any = true;
    io.out(`${printable(`${words[standing]}: ${what}`)}\n`);
    return standing === 'installed' ? 0 : 1;
  });
  if (!any) io.out('Not installed\n');
  return tellUnknownShell(io) || (any ? status : 1);
}

async function showStatusInJson(args: Arguments, io: Io): Promise<number> {
  const found: { readonly what: string; readonly standing: Standing }[] = [];
  let failed = false;
  for (const arrangement of arrangements(io)) {
    try {
      found.push({ what: arrangement.what, standing: arrangement.standing() });
    } catch (error) {
      failed = true;
      await tellShortly({ program: name, error, exitStatus: 1 }, args, io);
    }
  }
  const possible = found.filter(({ standing }) => standing !== 'impossible');
  const unwatchedShell = (io.platform === 'win32' ? undefined : unknownShell(io)) ?? null;
  const installed =
    possible.length > 0 &&
    possible.every(({ standing }) => standing === 'installed') &&
    unwatchedShell === null &&
    !failed;
  io.out(lineOfJson({ installed, arrangements: possible, unwatchedShell }));
  return installed ? 0 : 1;
}

function arrangements(io: Io): readonly Arrangement[] {
  return [serviceArrangement(io), ...(io.platform === 'win32' ? [] : shellArrangements(io))];
}

/** Whatever fails for one of them, the others are done. */
async function forEach(
  io: Io,
  work: (arrangement: Arrangement, standing: Standing) => number,
): Promise<number> {
  let status = 0;
  for (const arrangement of arrangements(io)) {
    status = attempt(io, () => work(arrangement, arrangement.standing())) || status;
  }
  return status;
}

function attempt(io: Io, work: () => number): number {
  try {
    return work();
  } catch (error) {
    tellError(name, error, io);
    return 1;
  }
}

/** An unsupported shell must not go unmentioned. */
function tellUnknownShell(io: Io): number {
  const shell = unknownShell(io);
  if (shell === undefined || io.platform === 'win32') return 0;
  io.err(
    `${printable(
      `${name}: Sessions of your login shell ${shell} cannot be watched by themselves: have it run "krb5kit logout --after" with its process number when it starts`,
    )}\n`,
  );
  return 1;
}

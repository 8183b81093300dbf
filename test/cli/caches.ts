import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import type { Command } from '../../src/cli/command.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import type { KeytabEntry } from '../../src/keytab/keytab.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { alice, credential, NOW, tgt } from '../ccache/tickets.ts';
import { type CapturedIo, type CaptureOptions, captureIo } from '../support/io.ts';
import { checkOutput } from '../support/output-schema.ts';

/** A cache file in `directory`; returns its path. */
export function writeCache(
  directory: string,
  credentials: readonly Credential[] = [tgt],
  principal: Principal = alice,
): string {
  const path = join(directory, 'cc');
  writeFileSync(path, CcacheFile.encode({ principal, credentials }));
  return path;
}

/** A keytab file in `directory`; returns its path. */
export function writeKeytab(directory: string, entries: readonly KeytabEntry[]): string {
  const path = join(directory, 'kt');
  writeFileSync(path, KeytabFile.encode(entries));
  return path;
}

/** A credential whose ticket is one, for `ticketServer` in `etype`. */
export function ticketFor(
  server: string,
  more: Partial<Credential> & { readonly ticketServer?: string; readonly etype?: number } = {},
): Credential {
  const { ticketServer = server, etype = 18, ...rest } = more;
  const { nameType, components, realm } = parsePrincipal(ticketServer);
  const encPart = { etype, cipher: new Uint8Array(16) };
  const ticket = Ticket.encode({ realm, sname: { nameType, nameString: components }, encPart });
  return credential(server, { ticket, ...rest });
}

/** What a command did: its exit status and its two outputs. */
export interface Outcome {
  readonly status: number;
  readonly io: CapturedIo;
}

/** Runs a command at `NOW`, on a machine that has no krb5.conf; `home` is the user's directory. */
export async function runAt(
  home: string,
  command: Command,
  argv: readonly string[],
  { env = {}, ...options }: CaptureOptions = {},
): Promise<Outcome> {
  const io = captureIo({
    env: { KRB5_CONFIG: join(home, 'no-krb5.conf'), HOME: home, ...env },
    now: () => NOW,
    ...options,
  });
  const status = await runCommand(command, argv, io);
  if (argv.includes('--json')) checkOutput(io);
  return { status, io };
}

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  programPath,
  type SecretServiceFolder,
  type SecretServiceProgram,
  type SecretServiceSession,
  startSession,
} from './secret-service.ts';

/** What KeePassXC asks its user in dialogs, which nobody answers here; nothing if not given. */
interface KeepassxcOptions {
  /** Whether it asks before it gives an item to a program. */
  readonly confirmAccess?: boolean;
  /**
   * Whether it asks before it deletes an item, which then is permanent; otherwise an item goes to the database's
   * recycle bin.
   */
  readonly confirmDeletion?: boolean;
  /** Whether it asks for the password of a locked database before it searches there. */
  readonly unlockBeforeSearch?: boolean;
}

const PASSWORD = 'the password of the database';
/** Without a display. */
const PLATFORM = { QT_QPA_PLATFORM: 'offscreen' };

/** A session with KeePassXC and an open database of its own. */
export function startKeepassxc(options: KeepassxcOptions = {}): Promise<SecretServiceSession> {
  return startSession(keepassxc(options));
}

function keepassxc(options: KeepassxcOptions): SecretServiceProgram {
  return {
    collection: '/org/freedesktop/secrets/collection/tickets',
    spawn(session) {
      const { directory, environment } = session;
      if (!existsSync(database(directory))) prepare(session, options);
      const child = spawn(programPath('keepassxc'), ['--pw-stdin', database(directory)], {
        env: { ...environment, ...PLATFORM },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin?.end(PASSWORD);
      return child;
    },
    // It answers first and writes the file afterwards.
    isSaved: (label, session) => command(session, ['ls', '-R', database(session.directory)]).includes(label),
  };
}

function prepare(session: SecretServiceFolder, options: KeepassxcOptions): void {
  const { directory } = session;
  const settings = join(directory, 'home/.config/keepassxc');
  mkdirSync(settings);
  writeFileSync(join(settings, 'keepassxc.ini'), configuration(options));
  const draft = join(directory, 'database.xml');
  writeFileSync(draft, databaseXml(options));
  // The shortest time that it accepts for deriving the key, in milliseconds.
  command(session, ['import', '--decryption-time', '100', '--set-password', draft, database(directory)]);
}

/** Runs keepassxc-cli, which asks for a new password twice. */
function command({ environment }: SecretServiceFolder, args: readonly string[]): string {
  return execFileSync(programPath('keepassxc-cli'), args, {
    env: { ...environment, ...PLATFORM },
    input: `${PASSWORD}\n${PASSWORD}\n`,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

function database(directory: string): string {
  return join(directory, 'tickets.kdbx');
}

function configuration(options: KeepassxcOptions): string {
  const { confirmAccess = false, confirmDeletion = false, unlockBeforeSearch = false } = options;
  return `[General]
ConfigVersion=2
UpdateCheckMessageShown=true
SingleInstance=false
AutoSaveAfterEveryChange=true
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
ShowNotification=false
ConfirmAccessItem=${confirmAccess}
ConfirmDeleteItem=${confirmDeletion}
UnlockBeforeSearch=${unlockBeforeSearch}
[Security]
LockDatabaseScreenLock=false
LockDatabaseIdle=false
`;
}

/** Which group is the collection is stored in the database, and no command sets it. */
function databaseXml({ confirmDeletion = false }: KeepassxcOptions): string {
  const group = randomBytes(16);
  const name = group.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '{$1-$2-$3-$4-$5}');
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile>
  <Meta>
    <DatabaseName>tickets</DatabaseName>
    <RecycleBinEnabled>${confirmDeletion ? 'False' : 'True'}</RecycleBinEnabled>
    <CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>${name}</Value></Item></CustomData>
  </Meta>
  <Root><Group><UUID>${group.toString('base64')}</UUID><Name>Root</Name></Group></Root>
</KeePassFile>
`;
}

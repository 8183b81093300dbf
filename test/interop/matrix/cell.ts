import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../../../src/cli/command.ts';
import { kinit } from '../../../src/cli/kinit.ts';
import { klist } from '../../../src/cli/klist.ts';
import { kpasswd } from '../../../src/cli/kpasswd.ts';
import { kvno } from '../../../src/cli/kvno.ts';
import { runCommand } from '../../../src/cli/run-command.ts';
import type { Environment, Said } from '../../support/both-programs.ts';
import { captureIo } from '../../support/io.ts';
import { findProgram } from '../../support/peers.ts';
import { type Listing, parseListing } from './listing.ts';
import { PASSWORD, type Realm } from './realm.ts';

let cells = 0;

/** Where a row meets a column: a user of the realm with a cache of their own, before any of our commands. */
export class Cell {
  readonly realm: Realm;
  /** Where this cell's own files are: append a suffix. */
  readonly path: string;
  private environment: Environment;
  /** How far the user's clock is ahead, in milliseconds. */
  private ahead = 0;

  constructor(realm: Realm) {
    this.realm = realm;
    this.path = join(realm.dir, `cell${cells++}`);
    this.environment = {
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C',
      TZ: 'UTC',
      HOME: realm.dir,
      KRB5CCNAME: `FILE:${this.path}.ccache`,
      KRB5_CONFIG: `${this.path}.conf`,
      KRB5_TRACE: `${this.path}.trace`,
    };
    writeFileSync(this.environment.KRB5_CONFIG!, realm.profile);
  }

  get cache(): string {
    return `${this.path}.ccache`;
  }

  /** Changes the user's krb5.conf: lines go under [libdefaults]. */
  configure(...lines: readonly string[]): void {
    this.rewrite(profile => profile.replace('[libdefaults]', `[libdefaults]\n  ${lines.join('\n  ')}`));
  }

  rewrite(change: (profile: string) => string): void {
    const path = this.environment.KRB5_CONFIG!;
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }

  /** Sets the user's clock. */
  setClockAhead(seconds: number): void {
    this.ahead = seconds * 1000;
  }

  /** Runs kinit as typed, with the password of all. */
  kinit(line: string, input = `${this.realm.password ?? PASSWORD}\n`): Promise<Said> {
    return this.run(kinit, line, input);
  }

  kvno(line: string): Promise<Said> {
    return this.run(kvno, line, '');
  }

  kpasswd(line: string, ...typed: readonly string[]): Promise<Said> {
    return this.run(kpasswd, line, typed.map(text => `${text}\n`).join(''));
  }

  /** Runs kinit, which must succeed in silence, and lists what the reference implementation finds in the cache. */
  async login(line: string): Promise<Listing> {
    succeeded(await this.kinit(line));
    return this.list();
  }

  /** Has kvno get a ticket for a service, which must succeed, and lists the cache. */
  async getTicket(line: string): Promise<Listing> {
    succeeded(await this.kvno(line));
    return this.list();
  }

  ourKlist(line: string): Promise<Said> {
    return this.run(klist, line, '');
  }

  /** What the reference implementation's klist says of the cache. */
  async klist(options: string): Promise<string> {
    const { KRB5_TRACE: _, ...env } = this.environment;
    return new Promise((resolve, reject) => {
      execFile(findProgram('klist')!, [options], { env, timeout: 60_000 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
  }

  async list(): Promise<Listing> {
    return parseListing(await this.klist('-ef'));
  }

  /** How the client pre-authenticated for its ticket-granting ticket, as the cache has it. */
  async preauthType(): Promise<number | undefined> {
    const type = /config: pa_type\(.*\) = (\d+)/.exec(await this.klist('-C'))?.[1];
    return type === undefined ? undefined : Number(type);
  }

  /** What our commands traced so far. */
  trace(): string {
    return readFileSync(this.environment.KRB5_TRACE!, 'utf8');
  }

  private async run(command: Command, line: string, stdin: string): Promise<Said> {
    const now = (): Date => new Date(Date.now() + this.ahead);
    const io = captureIo({ env: this.environment, uid: process.getuid?.(), stdin, now });
    const status = await runCommand(command, line.split(' '), io);
    return { status, stdout: io.stdout, stderr: io.stderr };
  }
}

/** Throws with what was said, where it was not success in silence. */
export function succeeded({ status, stdout, stderr }: Said): void {
  if (status !== 0 || stderr !== '') throw new Error(`status ${status}: ${stdout}${stderr}`);
}

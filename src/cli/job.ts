import type { Ccache } from '../ccache/ccache.ts';
import type { Arguments } from './command.ts';
import type { JobSecret } from './job/secrets.ts';
import type { Io } from './terminal.ts';

/** A job that wants tickets for as long as it runs, however it was asked for. */
export interface Job {
  /** Ours, for messages. */
  readonly program: string;
  /** What kinit would be told to get the ticket. */
  readonly kinit: Arguments;
  readonly withKeytab: boolean;
  /** Where neither a keytab nor the terminal has it. */
  readonly secret: JobSecret | undefined;
  /** Renews the ticket of a cache, and gets none. */
  readonly renewOnly: boolean;
  /** Renews a renewable ticket rather than get another one. */
  readonly renews: boolean;
  /** The cache to use; a private one for a command, and else the default one, if not given. */
  readonly cacheName: string | undefined;
  /** A private cache is one in memory. */
  readonly memory: boolean;
  /** Nothing where only tickets are wanted. */
  readonly command: readonly string[];
  readonly services: readonly string[];
  /** Seconds between two looks at the tickets. */
  readonly interval: number | undefined;
  /** Seconds that tickets must last to be good. */
  readonly happy: number | undefined;
  readonly always: boolean;
  /** Tries for as long as it takes to get the first ticket. */
  readonly patient: boolean;
  readonly exitOnError: boolean;
  /** Goes on, too, when the ticket can be renewed no more. */
  readonly keepsGoing: boolean;
  /** The command gets SIGHUP when there are no more tickets. */
  readonly hangsUp: boolean;
  readonly pidFile: string | undefined;
  readonly childPidFile: string | undefined;
  /** The descriptor on which a daemon tells that it is one, and the directory it moves to. */
  readonly daemon: { readonly readyFd: number; readonly directory: string | undefined } | undefined;
  readonly mask: boolean;
  say(line: string, io: Io): void;
  /** What else is done whenever there are new tickets. */
  readonly afterwards: ((cache: Ccache, env: NodeJS.ProcessEnv, io: Io) => Promise<void>) | undefined;
  /** Told of each line of ours, besides. */
  readonly log: ((line: string) => void) | undefined;
}

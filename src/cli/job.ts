import type { Ccache } from '../ccache/ccache.ts';
import type { Principal } from '../messages/principal.ts';
import type { Arguments } from './command.ts';
import type { JobSecret } from './job/secrets.ts';
import type { Io } from './terminal.ts';

/** The words of another program. */
export interface JobWords {
  /** The same error with a description of the activity in those words. */
  error(error: unknown): unknown;
  /** Comes before the name of a file for a process number that cannot be written. */
  readonly pidFile: string;
  /** Comes before the name of a command that cannot be started. */
  readonly command: string;
}

/** A job that needs tickets for as long as it runs, whichever command it was started with. */
export interface Job {
  /** The name of our program, for messages. */
  readonly program: string;
  /** The arguments with which kinit would get the ticket. */
  readonly kinit: Arguments;
  readonly withKeytab: boolean;
  /** Set if the secret is neither in a keytab nor typed on the terminal. */
  readonly secret: JobSecret | undefined;
  /** Only renews the ticket in a cache, and gets none. */
  readonly renewOnly: boolean;
  /** Renews a renewable ticket rather than getting another one. */
  readonly renews: boolean;
  /** The cache to use; if not given, a private one for a command, else the default one. */
  readonly cacheName: string | undefined;
  /** Whether a private cache is kept in memory. */
  readonly memory: boolean;
  /** Empty if only tickets are wanted. */
  readonly command: readonly string[];
  readonly services: readonly string[];
  /** Seconds between two checks of the tickets. */
  readonly interval: number | undefined;
  /** Seconds for which tickets must last to be good enough. */
  readonly happy: number | undefined;
  readonly always: boolean;
  /** Retries until it has got the first ticket. */
  readonly patient: boolean;
  readonly exitOnError: boolean;
  /** Continues even when the ticket cannot be renewed any more. */
  readonly keepsGoing: boolean;
  /** Sends SIGHUP to the command when there are no tickets any more. */
  readonly hangsUp: boolean;
  readonly pidFile: string | undefined;
  readonly childPidFile: string | undefined;
  /** For a daemon: the descriptor on which it reports that it is ready, and its working directory. */
  readonly daemon: { readonly readyFd: number; readonly directory: string | undefined } | undefined;
  readonly mask: boolean;
  say(line: string, io: Io): void;
  /** Called before tickets of a client are renewed, or requested for a service. */
  readonly announce: ((client: Principal, service: Principal | undefined) => void) | undefined;
  /** How failures are worded, if not in our own way. */
  readonly words: JobWords | undefined;
  /** Called whenever there are new tickets. */
  readonly afterwards: ((cache: Ccache, env: NodeJS.ProcessEnv, io: Io) => Promise<void>) | undefined;
  /** Receives each of our messages in addition. */
  readonly log: ((line: string) => void) | undefined;
}

import type { SessionEnvironment } from './bus-address.ts';
import type { Keychain } from './ccache.ts';

export interface KeychainOptions {
  /** Seconds that a keychain which asks nobody has for an answer; 3 unless given. */
  readonly answerSeconds?: number | undefined;
  /** Seconds that the user has for a dialog of the keychain; 45 unless given. */
  readonly dialogSeconds?: number | undefined;
  /** The one back-end to use, by its name; the first that is there unless given. */
  readonly backend?: string | undefined;
  /** The system whose keychain it is; that of this process unless given. */
  readonly platform?: NodeJS.Platform | undefined;
  /** Where the program of a back-end lies, by the back-end's name, if not in its usual place. */
  readonly programs?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Where and how long a back-end may ask. */
export interface KeychainSession {
  readonly environment: SessionEnvironment;
  readonly platform: NodeJS.Platform;
  /** Seconds that a keychain which asks nobody has for an answer. */
  readonly answerSeconds: number;
  /** Seconds that the user has for a dialog of the keychain. */
  readonly dialogSeconds: number;
  /** Where the program of a back-end lies, by the back-end's name, if not in its usual place. */
  readonly programs: Readonly<Record<string, string | undefined>>;
}

/** A row of the table of back-ends: one way to the keychain of the operating system. */
export interface KeychainBackend {
  /** What it is called by. */
  readonly name: string;
  /** The systems that it is for, in words. */
  readonly systems: string;
  serves(platform: NodeJS.Platform): boolean;
  /**
   * Makes sure that it is there, and asks nobody. Throws KerberosError KEYCHAIN_UNAVAILABLE with what is missing. The
   * calls of what is opened run in children that are killed when their time is over, unless they can ask nobody.
   */
  open(session: KeychainSession): Promise<Keychain>;
}

/** The item's `service`, in every keychain; its account is the data directory. */
export const KEYCHAIN_SERVICE = 'krb5kit';

import type { Keychain } from '../ccache.ts';
import type { SessionEnvironment } from './bus-address.ts';

export interface KeychainOptions {
  /** Seconds within which a keychain that asks nobody must answer; 3 if not given. */
  readonly answerSeconds?: number | undefined;
  /** Seconds for the user to answer a dialog of the keychain; 45 if not given. */
  readonly dialogSeconds?: number | undefined;
  /** The name of the only back-end to use; the first available one if not given. */
  readonly backend?: string | undefined;
  /** The operating system whose keychain is used; that of this process if not given. */
  readonly platform?: NodeJS.Platform | undefined;
  /** The paths of back-ends' programs, by the name of the back-end, if not in their usual place. */
  readonly programs?: Readonly<Record<string, string | undefined>> | undefined;
}

/** How, and for how long, a back-end may ask. */
export interface KeychainSession {
  readonly environment: SessionEnvironment;
  readonly platform: NodeJS.Platform;
  /** Seconds within which a keychain that asks nobody must answer. */
  readonly answerSeconds: number;
  /** Seconds for the user to answer a dialog of the keychain. */
  readonly dialogSeconds: number;
  /** Gives up a dialog. */
  readonly signal?: AbortSignal | undefined;
  /** The paths of back-ends' programs, by the name of the back-end, if not in their usual place. */
  readonly programs: Readonly<Record<string, string | undefined>>;
}

/** A row of the table of back-ends: one way to access the keychain of the operating system. */
export interface KeychainBackend {
  /** What it is called by. */
  readonly name: string;
  /** The systems that it is for, in words. */
  readonly systems: string;
  serves(platform: NodeJS.Platform): boolean;
  /**
   * Checks that it is available, without asking anybody. Throws KerberosError KEYCHAIN_UNAVAILABLE with what is
   * missing. The operations of the keychain that it returns run in child processes, which are killed on timeout, unless
   * they cannot ask anybody.
   */
  open(session: KeychainSession): Promise<Keychain>;
}

/** The item's `service`, in every keychain; its account is the data directory. */
export const KEYCHAIN_SERVICE = 'krb5kit';

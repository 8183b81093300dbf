/** What is around the machine's Kerberos: the process that asks for it, and whom it can ask and tell. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  /** The effective user; undefined on systems without numeric users. */
  readonly uid: number | undefined;
  /** Where the native libraries keep caches of all users: `/tmp`, whatever TMPDIR says. */
  readonly cacheDirectory: string;
  readonly stdinIsTerminal: boolean;
  /** Aborted when the result that is waited for is no longer wanted. */
  readonly signal?: AbortSignal;
  now(): Date;
  /** Called before a KDC is asked, if there is a way to make that cheaper. */
  beforeAsking?(): void;
  /** Writes to stderr, at once and in full; adds nothing. */
  err(text: string): void;
  /**
   * Prints `prompt` unchanged to stderr, since another program may read our stdout, and reads one line without echo.
   * Throws KerberosError PASSWORD_UNREAD at the end of the input, PASSWORD_INTERRUPTED on Ctrl-C.
   */
  readPassphrase(prompt: string): Promise<string>;
}

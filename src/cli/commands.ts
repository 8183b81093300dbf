import type { Command } from './command.ts';

/** A row of the table of commands; the command itself is a bundle of its own, loaded when it is called. */
export interface CommandRow {
  /** Its purpose, as listed by `krb5kit --help`. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command by its name. */
export const commands: Readonly<Record<string, CommandRow>> = {
  agent: {
    summary: 'Share the tickets in the keychain with native programs, over KCM.',
    load: async () => (await import('./agent.ts')).agent,
  },
  cache: {
    summary: 'List, copy, move and tidy caches; import and export tickets.',
    load: async () => (await import('./cache.ts')).cache,
  },
  doctor: {
    summary: 'Find out what is wrong, and what to try.',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  explain: {
    summary: 'Explain an error number, name or message.',
    load: async () => (await import('./explain.ts')).explain,
  },
  http: {
    summary: 'Transfer a URL, authenticating by Negotiate.',
    load: async () => (await import('./http.ts')).http,
  },
  inspect: {
    summary: 'Show the contents of a cache, keytab, token, message or capture.',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  k5start: {
    summary: 'Get tickets and keep them alive, with the options of k5start.',
    load: async () => (await import('./k5start.ts')).k5start,
  },
  kdc: {
    summary: 'Run a KDC for tests and development, and manage its database.',
    load: async () => (await import('./kdc.ts')).kdc,
  },
  kinit: {
    summary: 'Obtain and cache an initial Kerberos ticket.',
    load: async () => (await import('./kinit.ts')).kinit,
  },
  klist: {
    summary: 'List cached Kerberos tickets, or the keys of a keytab.',
    load: async () => (await import('./klist.ts')).klist,
  },
  kdestroy: {
    summary: 'Destroy cached Kerberos tickets.',
    load: async () => (await import('./kdestroy.ts')).kdestroy,
  },
  kpasswd: {
    summary: "Change a principal's password.",
    load: async () => (await import('./kpasswd.ts')).kpasswd,
  },
  krenew: {
    summary: 'Renew a ticket as long as possible, with the options of krenew.',
    load: async () => (await import('./krenew.ts')).krenew,
  },
  kswitch: {
    summary: 'Make another cache of the collection the primary one.',
    load: async () => (await import('./kswitch.ts')).kswitch,
  },
  ktutil: {
    summary: 'Manage keytabs, interactively or with a command.',
    load: async () => (await import('./ktutil.ts')).ktutil,
  },
  kvno: {
    summary: 'Obtain service tickets and show their key versions.',
    load: async () => (await import('./kvno.ts')).kvno,
  },
  logout: {
    summary: 'Destroy all your tickets, and the key that sealed them.',
    load: async () => (await import('./logout.ts')).logout,
  },
  present: {
    summary: 'Present a ticket to a service and check its answer.',
    load: async () => (await import('./present.ts')).present,
  },
  run: {
    summary: 'Run a command with tickets of its own, kept alive until it ends.',
    load: async () => (await import('./run.ts')).run,
  },
  serve: {
    summary: 'Accept tickets as a sample service, and send each client its name.',
    load: async () => (await import('./serve.ts')).serve,
  },
  status: {
    summary: 'Show how long tickets remain valid, once or whenever it changes.',
    load: async () => (await import('./status.ts')).status,
  },
};

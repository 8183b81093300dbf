import type { Command } from './command.ts';

/** A row of the table of commands; the command itself is a bundle of its own, loaded when it is called. */
export interface CommandRow {
  /** What it is for, as `krb5kit --help` lists it. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command by its name. */
export const commands: Readonly<Record<string, CommandRow>> = {
  kinit: {
    summary: 'Obtain and cache an initial Kerberos ticket.',
    load: async () => (await import('./kinit.ts')).kinit,
  },
  kvno: {
    summary: 'Obtain service tickets and show their key versions.',
    load: async () => (await import('./kvno.ts')).kvno,
  },
  present: {
    summary: 'Present a ticket to a service and check its answer.',
    load: async () => (await import('./present.ts')).present,
  },
  serve: {
    summary: 'Accept tickets as a sample service and tell each client who it is.',
    load: async () => (await import('./serve.ts')).serve,
  },
};

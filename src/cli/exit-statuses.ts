/** The meanings of exit statuses, by status: a number, or `128+n` for a signal. */
type Meanings = Readonly<Record<string, string>>;

const WRONG = 'The command line is wrong.';
const KERBEROS_4 = 'The option -4 was given, which is for Kerberos 4.';

/** The exit statuses of all commands. */
export const GENERAL: Meanings = {
  141: 'The reader of the output has closed it, as with SIGPIPE.',
  '128+n': 'Signal n ended the command.',
};

const OF_A_JOB: Meanings = {
  126: 'The command cannot be started. Any other status is that of the command.',
  127: 'There is no such command.',
};

/** The exit statuses of each command: they do not change from version to version. */
export const EXIT_STATUSES: Readonly<Record<string, Meanings>> = {
  krb5kit: { 0: 'As defined by the command.', 1: 'The command failed.', 2: 'There is no such command.' },
  agent: { 0: 'Success.', 1: 'No agent is running, or an error occurred.', 2: WRONG },
  cache: { 0: 'Success.', 1: 'Something does not exist, or could not be read or written.', 2: WRONG },
  completion: { 0: 'The script was printed.', 1: 'It could not be written.', 2: WRONG },
  doctor: { 0: 'Nothing is wrong.', 1: 'Something is wrong.', 2: WRONG },
  explain: { 0: 'The error is known.', 1: 'The error is unknown.', 2: WRONG },
  http: {
    0: 'The response has a status below 400.',
    1: 'There was no response, or the server did not authenticate itself.',
    2: WRONG,
    4: 'The response has a status from 400 to 499.',
    5: 'The response has a status of 500 or more.',
  },
  inspect: { 0: 'The contents were shown.', 1: 'They cannot be read, or are of an unknown kind.', 2: WRONG },
  k5start: {
    0: 'There is a ticket, and it was kept alive for as long as requested.',
    1: 'There is no ticket, or the command line is wrong.',
    ...OF_A_JOB,
  },
  kdc: {
    0: 'Success, or a signal has stopped the KDC.',
    1: 'An error occurred, or no KDC is running.',
    2: WRONG,
    126: 'The command of "run" cannot be started.',
    127: 'The command of "run" does not exist.',
  },
  kdestroy: {
    0: 'The cache was destroyed, or there was none.',
    1: 'A cache could not be destroyed, or there is none of the principal.',
    2: WRONG,
    3: KERBEROS_4,
  },
  kinit: {
    0: 'The ticket is in the cache.',
    1: 'There is no new ticket, or it could not be stored.',
    2: WRONG,
    3: KERBEROS_4,
  },
  klist: {
    0: 'The listing was printed; with -s, there is a valid ticket.',
    1: 'Nothing could be listed, or the command line is wrong; with -s, there is no valid ticket.',
    3: KERBEROS_4,
  },
  kpasswd: {
    0: 'The password was changed.',
    1: 'It could not be changed, or the command line is wrong.',
    2: 'The server rejected the new password.',
  },
  krenew: {
    0: 'The ticket was renewed for as long as requested.',
    1: 'It could not be renewed, or the command line is wrong.',
    ...OF_A_JOB,
  },
  kswitch: {
    0: 'The cache is the primary one, or belongs to no collection.',
    1: 'There is no such cache, or the collection could not be changed.',
    2: WRONG,
  },
  ktutil: {
    0: 'Success; with "diff", the keytabs are the same; with "verify", nothing is wrong with the keys.',
    1: 'An error occurred; with "diff", the keytabs differ; with "verify", something is wrong with the keys.',
    2: 'The command line is wrong, or "diff" failed.',
  },
  kvno: {
    0: 'There is a ticket for every service, and -k decrypted each of them.',
    1: 'At least one of them failed, or the command line is wrong.',
  },
  logout: {
    0: 'Success, or another session is left.',
    1: 'Something could not be destroyed, or is not installed.',
    2: WRONG,
  },
  present: {
    0: 'Client and service have authenticated each other.',
    1: 'They have not.',
    2: WRONG,
  },
  run: { 0: 'Success.', 1: 'There is no ticket.', 2: WRONG, ...OF_A_JOB },
  serve: {
    0: 'A signal has stopped it; with --once, the client was accepted.',
    1: 'It could not start; with --once, the client was rejected, or none came.',
    2: WRONG,
  },
  status: { 0: 'There is a valid ticket.', 1: 'There is no valid ticket.', 2: WRONG },
};

/** The exit statuses of a command by its name, without those of its subcommands; undefined if none are listed. */
export function exitStatuses(name: string): Meanings | undefined {
  const word = name.replace(/^krb5kit /, '').split(' ')[0]!;
  return Object.hasOwn(EXIT_STATUSES, word) ? { ...EXIT_STATUSES[word], ...GENERAL } : undefined;
}

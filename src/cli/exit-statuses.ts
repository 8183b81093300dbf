/** The meanings of exit statuses, by status: a number, or `128+n` for a signal. */
type Meanings = Readonly<Record<string, string>>;

const WRONG = 'The command line is wrong.';
const KERBEROS_4 = '-4 was given, an option of Kerberos 4.';

/** The exit statuses of all commands. */
const GENERAL: Meanings = {
  141: 'Nobody reads the output any more, as after SIGPIPE.',
  '128+n': 'The signal n has ended it.',
};

const OF_A_JOB: Meanings = {
  126: 'The command cannot be started; any other is its own.',
  127: 'There is no such command.',
};

/** The exit statuses of each command: they do not change from version to version. */
const EXIT_STATUSES: Readonly<Record<string, Meanings>> = {
  krb5kit: { 0: 'As the command says.', 1: 'It failed.', 2: 'There is no such command.' },
  agent: { 0: 'It is done.', 1: 'No agent runs, or something went wrong.', 2: WRONG },
  cache: { 0: 'All is done.', 1: 'Something is not there, or could not be read or written.', 2: WRONG },
  completion: { 0: 'The script was printed.', 1: 'It could not be written.', 2: WRONG },
  doctor: { 0: 'Nothing is wrong.', 1: 'Something is.', 2: WRONG },
  explain: { 0: 'The error is known.', 1: 'It is not.', 2: WRONG },
  http: {
    0: 'There was a response whose status is below 400.',
    1: 'There was none, or the server did not prove who it is.',
    2: WRONG,
    4: 'The status of the response is one of 400 to 499.',
    5: 'It is 500 or more.',
  },
  inspect: { 0: 'It was shown.', 1: 'It cannot be read, or is nothing that is known.', 2: WRONG },
  k5start: {
    0: 'There is a ticket, and it was kept alive as long as it was to be.',
    1: 'There is none, or the command line is wrong.',
    ...OF_A_JOB,
  },
  kdc: {
    0: 'It is done; a signal asked the KDC to stop.',
    1: 'It could not be done, or no KDC runs.',
    2: WRONG,
    126: 'The command of "run" cannot be started.',
    127: 'There is no command like that of "run".',
  },
  kdestroy: {
    0: 'The cache is gone, or there was none.',
    1: 'A cache is still there, or there is none of the principal.',
    2: WRONG,
    3: KERBEROS_4,
  },
  kinit: {
    0: 'The ticket is in the cache.',
    1: 'There is no new ticket, or it could not be kept.',
    2: WRONG,
    3: KERBEROS_4,
  },
  klist: {
    0: 'It has been listed; with -s, there is a ticket of use.',
    1: 'It cannot be read, or the command line is wrong; with -s, there is no ticket of use.',
    3: KERBEROS_4,
  },
  kpasswd: {
    0: 'The password is changed.',
    1: 'It could not be changed, or the command line is wrong.',
    2: 'The server rejected the new password.',
  },
  krenew: {
    0: 'The ticket was renewed as long as it was to be.',
    1: 'It could not be renewed, or the command line is wrong.',
    ...OF_A_JOB,
  },
  kswitch: {
    0: 'The cache is the primary one, or belongs to no collection.',
    1: 'There is no such cache, or the collection could not be changed.',
    2: WRONG,
  },
  ktutil: {
    0: 'All is done; the keytabs are the same; all is well.',
    1: 'Something failed; the keytabs differ; something is not well.',
    2: 'The command line is wrong, or "diff" failed.',
  },
  kvno: {
    0: 'There is a ticket for every service, and -k opened each.',
    1: 'One failed at least, or the command line is wrong.',
  },
  logout: {
    0: 'Nothing is left, there was nothing, or another session is left.',
    1: 'Something could not be destroyed, or is not installed.',
    2: WRONG,
  },
  present: { 0: 'Client and service have proved who they are.', 1: 'They have not.', 2: WRONG },
  run: { 0: 'All went well.', 1: 'There is no ticket.', 2: WRONG, ...OF_A_JOB },
  serve: {
    0: 'A signal asked it to stop; with --once, the client was accepted.',
    1: 'It could not start; with --once, the client was refused, or none came.',
    2: WRONG,
  },
  status: { 0: 'There is a ticket of use.', 1: 'There is none.', 2: WRONG },
};

/** The whole table, for whoever displays it. */
export const EXIT_STATUS_TABLE = { general: GENERAL, commands: EXIT_STATUSES };

/** The exit statuses of a command by its name, without those of its subcommands; undefined if none are listed. */
export function exitStatuses(name: string): Meanings | undefined {
  const word = name.replace(/^krb5kit /, '').split(' ')[0]!;
  return Object.hasOwn(EXIT_STATUSES, word) ? { ...EXIT_STATUSES[word], ...GENERAL } : undefined;
}

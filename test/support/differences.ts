import type { Environment, Said } from './both-programs.ts';
import type { Contents } from './differential-files.ts';

/** The output of the two programs for one command line. */
interface SaidPair {
  readonly our: Said;
  readonly their: Said;
}

/** The files that the two programs have left. */
interface FilesPair {
  readonly our: Contents;
  readonly their: Contents;
}

/** A command line of a case. */
export interface Line {
  readonly program: string;
  readonly argv: readonly string[];
  readonly input: string;
  readonly env: Environment;
  /** What was typed, if it ran on a terminal. */
  readonly typed: Difference['typed'];
  readonly columns: Difference['columns'];
}

/** An intended difference: a row of docs/differences.md. */
export interface Difference {
  readonly name: string;
  readonly commands: readonly Program[];
  /** What MIT's program does, what ours does, and why: sentences in Markdown. */
  readonly mit: string;
  readonly ours: string;
  readonly why: string;
  /**
   * A case that shows it: variables, the command line, and after `<` the lines of its input. On a terminal, the keys of
   * `typed` follow when their text is shown.
   */
  readonly example: string;
  readonly typed?: readonly (readonly [shown: string, keys: string])[] | undefined;
  /** The width of the terminal; enough for every line if not given. */
  readonly columns?: number;
  /** Whether the case needs a cache server. */
  readonly withServer?: boolean;
  /** Makes the two results equal if this is their only difference. */
  readonly reconcile?: (pair: SaidPair, line: Line) => SaidPair;
  readonly reconcileFiles?: (pair: FilesPair, lines: readonly Line[]) => FilesPair;
}

type Program = 'kinit' | 'klist' | 'kdestroy' | 'kvno' | 'kswitch' | 'kpasswd' | 'ktutil';

const all: readonly Program[] = ['kinit', 'klist', 'kdestroy', 'kvno', 'kswitch', 'kpasswd', 'ktutil'];
const writers: readonly Program[] = ['kinit', 'kdestroy', 'kvno', 'kswitch'];
const askers: readonly Program[] = ['kinit', 'kvno', 'kpasswd'];

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

const isIsoTime = (word: string): boolean => /^\d{4}-\d\d-\d\d(?:[T ]\d\d:|$)/i.test(word);

const withoutLink = (files: Contents): Contents =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !/^link(?:\.cc|ed)$/.test(name)));

/** In the order in which they are tried. */
export const differences: readonly Difference[] = [
  {
    name: 'Version',
    commands: ['klist'],
    mit: 'prints its own version.',
    ours: 'prints `krb5kit version …`.',
    why: 'A script that checks the version should know which program it has.',
    example: 'klist -V',
    reconcile: pair => ours(pair, 'stdout', /^krb5kit version \S+\n$/, 'Kerberos 5 version 1.20.1\n'),
  },
  {
    name: 'More options',
    commands: all,
    mit: 'has no `--help`, `--json` or other options that we add, and ktutil takes no operands.',
    ours: 'has them, as its manual page describes.',
    why: 'They provide help and output for programs; nothing changes for those who do not use them.',
    example: 'klist --help',
    reconcile: (pair, { program, argv }) =>
      argv.some(word => /^--(?:help|json|quiet|no-color|expired)$/.test(word)) ||
      (program === 'ktutil' && argv.length > 0)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Options of kpasswd',
    commands: ['kpasswd'],
    mit: 'has no options: `-Z` and `--` are principals.',
    ours: 'accepts `--`, which ends the options, and reports unknown options.',
    why: '`--json` is an option. A principal that begins with a hyphen can follow `--`.',
    example: 'kpasswd -Z',
    reconcile: (pair, { argv }) => (argv[0]?.startsWith('-') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Explained failures',
    commands: askers,
    mit: 'reports a failure in one line.',
    ours: 'adds indented lines on a terminal and with `-V`: the configuration, what was asked, what each KDC answered, and what to try.',
    why: 'Most failures are mistakes in files that the one line does not name. Through a pipe there is only MIT’s line.',
    example: 'kinit -V nobody',
    reconcile: (pair, { argv, typed }) => {
      if (typed === undefined && !argv.some(word => /^-[^-]*V/.test(word))) return pair;
      const stream = typed === undefined ? 'stderr' : 'stdout';
      return ours(pair, stream, /(?<=: .*\n)(?: {2,}.*\n)+/g, '');
    },
  },
  {
    name: 'Long lines on a terminal',
    commands: all,
    mit: 'leaves it to the terminal to break long lines, which it does anywhere.',
    ours: 'on a terminal, breaks errors, warnings and the usage between words, and indents what follows.',
    why: 'Words stay readable, and names and paths can be copied. Through a pipe every line is MIT’s.',
    example: 'klist -Z',
    typed: [],
    columns: 60,
    reconcile: (pair, { typed, columns }) =>
      typed === undefined || columns === undefined
        ? pair
        : { our: withoutBreaks(pair.our), their: withoutBreaks(pair.their) },
  },
  {
    name: 'Expired tickets on a terminal',
    commands: ['klist'],
    mit: 'lists an expired ticket like any other.',
    ours: 'on a terminal, writes `(expired)` after it, in colour where colours are wanted.',
    why: 'Whether tickets have expired is what most people look for. Through a pipe nothing is added.',
    example: 'klist $D/expired.cc',
    typed: [],
    reconcile: (pair, { typed }) =>
      typed === undefined ? pair : ours(ours(pair, 'stdout', COLOURS, ''), 'stdout', / \(expired\)$/gm, ''),
  },
  {
    name: 'Backspace',
    commands: ['kinit', 'kpasswd'],
    mit: 'lets the terminal erase, which knows only one erase character.',
    ours: 'erases with both characters that backspace keys send.',
    why: 'A password that contains a control character was mistyped.',
    example: 'kinit alice',
    typed: [['Password for alice@A.TEST: ', 'alicepv\bw\n']],
    reconcile: (pair, line) => (typesControlH(line) ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) => (line && typesControlH(line) ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Ignored input',
    commands: ['kinit'],
    mit: 'ignores what it cannot parse in a time, so that `1w` is one second, takes `2330` for seconds, and ignores unknown attributes.',
    ours: 'does the same, and warns.',
    why: 'Nobody wants a ticket for one second.',
    example: 'kinit -l 1w alice < alicepw',
    reconcile: pair => ours(pair, 'stderr', /^kinit: warning: -[lrsX] .*\n/gm, ''),
  },
  {
    name: 'Times in ISO 8601',
    commands: ['kinit'],
    mit: 'does not accept `2030-01-01T12:00Z` as a start time.',
    ours: 'does, with or without seconds and a time zone.',
    why: 'Programs write times like this, for example `date -Iseconds` and our `--json`.',
    example: 'kinit -s 2030-01-01T12:00Z alice < alicepw',
    reconcile: (pair, { argv }) =>
      argv.some(isIsoTime) && pair.our.status === 0 && pair.their.stderr.includes('Bad start time value')
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: (pair, lines) =>
      lines.some(({ argv }) => argv.some(isIsoTime)) ? { ...pair, our: pair.their } : pair,
  },
  {
    name: 'Realms in lower case',
    commands: ['kinit'],
    mit: 'looks for the realm as it is written, and reports that it cannot be found.',
    ours: 'warns first, unless the configuration has the realm in this form, or `-C` or `-E` lets the KDC correct it.',
    why: 'Case matters in realms, and nearly all are in capitals.',
    example: 'kinit alice@a.test',
    reconcile: pair => ours(pair, 'stderr', /^kinit: warning: the realm .*\n/gm, ''),
  },
  {
    name: 'Names in the form of Windows',
    commands: ['kinit'],
    mit: 'takes the backslash in `DOMAIN\\user` for one that quotes a letter.',
    ours: 'does the same, and warns first.',
    why: 'Users of Active Directory know this form. The KDC only says that it does not know the name.',
    example: 'kinit A\\alice',
    reconcile: pair => ours(pair, 'stderr', /^kinit: warning: the backslash .*\n/gm, ''),
  },
  {
    name: 'Weak encryption types',
    commands: ['kvno'],
    mit: 'silently asks for an RC4 session key with `-e`.',
    ours: 'does the same, and warns.',
    why: 'Others may be able to decrypt what such a key protects.',
    example: 'kvno -e rc4-hmac HTTP/localhost',
    reconcile: pair => ours(pair, 'stderr', /^kvno: warning: .* can be broken: .*\n/gm, ''),
  },
  {
    name: 'Control characters',
    commands: all,
    mit: 'prints those in a name unchanged.',
    ours: 'prints `?` for each in messages, and on a terminal also in listings.',
    why: 'They control terminals and can forge lines in a log. A listing through a pipe has the bytes of the name.',
    example: 'kvno a\u001b[31m',
    reconcile: ({ our, their }) => ({ our: withoutControls(our), their: withoutControls(their) }),
  },
  {
    name: 'Attributes with -V',
    commands: ['kinit'],
    mit: 'reports `PA Option a = b` for an unknown attribute.',
    ours: 'reports only those that it uses.',
    why: 'Unknown ones have no effect, as the warning says.',
    example: 'kinit -V -X a=b alice < alicepw',
    reconcile: ({ our, their }, { argv }) => {
      if (!argv.includes('-X')) return { our, their };
      const known = (line: string): boolean => our.stderr.includes(line);
      const stderr = their.stderr.replace(/^PA Option .*\n/gm, line => (known(line) ? line : ''));
      return { our, their: { ...their, stderr } };
    },
  },
  {
    name: 'RC4',
    commands: ['kinit'],
    mit: 'uses an RC4 key if the client has no other, and warns that it is deprecated.',
    ours: 'does not, unless `allow_rc4` or `allow_weak_crypto` is set.',
    why: 'Passwords are quickly guessed from RC4 keys; later versions of MIT’s refuse them, too.',
    example: 'kinit rc4user < rc4pw',
    reconcile: (pair, { argv }) =>
      argv.includes('rc4user') && lacksKey(pair) ? { ...pair, our: pair.their } : pair,
    reconcileFiles: (pair, [line]) => (line?.argv.includes('rc4user') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Missing mechanisms',
    commands: ['kinit'],
    mit: 'reports `Generic preauthentication failure` if it has none of the mechanisms that the KDC offers.',
    ours: 'says so.',
    why: 'That is what the KDC’s administrator needs to know.',
    example: 'kinit hardware < hardwarepw',
    reconcile: pair =>
      ours(
        pair,
        'stderr',
        /Additional pre-authentication required: the KDC offers no mechanism that is supported here/,
        'Generic preauthentication failure',
      ),
  },
  {
    name: 'Prompts after the end of the input',
    commands: ['kinit'],
    mit: 'asks a second time if a KDC that offers SPAKE offers something else as well.',
    ours: 'asks once.',
    why: 'There is no more input.',
    example: 'KRB5_CONFIG=$D/spake.conf kinit alice <',
    reconcile: pair =>
      /: Cannot read password while/.test(pair.our.stderr)
        ? { ...pair, their: { ...pair.their, stdout: pair.their.stdout.replace(/^(.*\n)\1$/, '$1') } }
        : pair,
  },
  {
    name: 'Line ends in passwords',
    commands: askers,
    mit: 'treats a carriage return before the line feed as part of the password.',
    ours: 'treats both as the end of the line.',
    why: 'Password files may come from Windows.',
    example: 'kinit alice < alicepw\r',
    reconcile: (pair, { input }) => (input.includes('\r\n') ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) => (line?.input.includes('\r\n') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Renewal and keytab',
    commands: ['kinit'],
    mit: 'does what the last of `-k`, `-R` and `-v` says.',
    ours: 'validates with `-v`, else renews with `-R`, else uses the keytab.',
    why: 'Nobody means both; nowhere else does the order of options matter.',
    example: 'kinit -v -R',
    reconcile: (pair, line) => (mixesActions(line) ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) => (line && mixesActions(line) ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Mechanism of an earlier ticket',
    commands: ['kinit'],
    mit: 'with `-I`, uses only the pre-authentication mechanism that obtained the ticket in the cache, and fails if the KDC does not offer it.',
    ours: 'tries that one first, and then others that are offered.',
    why: 'The user wants a ticket. Nothing weaker is used: no second mechanism that needs the password is tried.',
    example: 'kinit -I $D/cc -T $D/bob.cc alice < alicepw',
    reconcile: (pair, line) => (failsForWay(pair, line) ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) =>
      line?.argv.includes('-I') && line.argv.includes('-T') ? { ...pair, our: pair.their } : pair,
  },
  {
    name: 'Failures to store tickets',
    commands: ['kinit', 'kvno'],
    mit: 'does not name the file, and is less precise about the reason.',
    ours: 'names it.',
    why: 'The user needs to know which file it is.',
    example: 'kinit -c $D/junk/x alice < alicepw',
    reconcile: ({ our, their }) => {
      const stored = (text: string): boolean =>
        /Failed to store credentials: |while writing output ccache/.test(text);
      if (!stored(our.stderr) || !stored(their.stderr)) return { our, their };
      const plain = (said: Said): Said => ({
        ...said,
        stderr: said.stderr
          .replace(/ \(filename: .*?\)/, '')
          .replace('cache I/O operation failed', 'cache permissions incorrect'),
      });
      return { our: plain(our), their: plain(their) };
    },
  },
  {
    name: 'Locks',
    commands: writers,
    mit: 'locks a cache’s file itself.',
    ours: 'keeps locks in its data directory, which it creates.',
    why: 'A file that is replaced as a whole cannot be its own lock.',
    example: 'kdestroy',
    reconcileFiles: ({ our, their }) => ({
      their,
      our: Object.fromEntries(Object.entries(our).filter(([name]) => !/^krb5kit(?:\/locks)?$/.test(name))),
    }),
  },
  {
    name: 'Permissions of cache files',
    commands: ['kinit', 'kvno'],
    mit: 'adds tickets to a file that others may read.',
    ours: 'replaces it with one that only its owner can read.',
    why: 'A new file replaces the old one at once, so that no reader sees half of it; and tickets are secret.',
    example: 'kvno -c $D/open.cc HTTP/localhost',
    reconcileFiles: ({ our, their }) => ({
      our,
      their: eachFile(their, (text, name) =>
        our[name]?.text.startsWith('mode 100600') ? text.replace(/^mode 1006\d\d/, 'mode 100600') : text,
      ),
    }),
  },
  {
    name: 'Links to caches',
    commands: ['kdestroy', 'kvno'],
    mit: 'follows a symbolic link in place of a cache: `kvno` adds to the link’s target, and `kdestroy` overwrites that with zeros.',
    ours: 'replaces the link with a file; `kdestroy` leaves the target alone, and says so.',
    why: 'In a directory such as `/tmp`, the link may belong to somebody else.',
    example: 'kdestroy -c $D/link.cc',
    reconcile: pair =>
      / is a symbolic link, which is not followed /.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: ({ our, their }) => ({ our: withoutLink(our), their: withoutLink(their) }),
  },
  {
    name: 'Special files in place of a cache',
    commands: ['kinit', 'kdestroy', 'kvno'],
    mit: 'replaces a FIFO, a socket or a device with a file, or removes it; as root, `kdestroy -c /dev/null` does so, too.',
    ours: 'reports incorrect permissions, and leaves it alone.',
    why: 'Nobody keeps tickets there, and others may need it.',
    example: 'kinit -c $D/fifo alice < alicepw',
    reconcile: (pair, { argv }) =>
      argv.includes('$D/fifo') && /Credentials cache permissions incorrect/.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: ({ our: { fifo: _, ...our }, their: { fifo: __, ...their } }) => ({ our, their }),
  },
  {
    name: 'Invalid tickets',
    commands: ['kvno'],
    mit: 'reports the ASN.1 error of data that is not a ticket.',
    ours: 'names the field, too.',
    why: 'Whoever wrote the data can see what is wrong.',
    example: 'kvno -c $D/torn.cc host/x',
    reconcile: pair =>
      ours(
        pair,
        'stderr',
        /Ticket: .*?(?= while decoding)/g,
        /ASN\.1 .*?(?= while decoding)/.exec(pair.their.stderr)?.[0] ?? '',
      ),
  },
  {
    name: 'Incomplete caches',
    commands: ['kvno'],
    mit: 'appends a new ticket to an incomplete one, where nobody finds it.',
    ours: 'keeps the complete tickets, and appends the new one to them.',
    why: 'The next program can find the ticket.',
    example: 'kvno -c $D/cut.cc host/localhost',
    reconcileFiles: ({ our, their }) => {
      const { 'cut.cc': file } = their;
      return { our: file !== undefined && our['cut.cc'] ? { ...our, 'cut.cc': file } : our, their };
    },
  },
  {
    name: 'Expired service tickets',
    commands: ['kinit', 'kvno'],
    mit: 'keeps them until the cache is initialized again.',
    ours: 'removes them whenever it stores a ticket.',
    why: 'They are of no use, and the cache of a long session would grow without end.',
    example: 'kvno -c $D/mixed.cc HTTP/localhost',
    reconcileFiles: ({ our, their }) => {
      const kept = Object.entries(our).map(([name, ourFile]) => {
        const theirFile = their[name];
        const fewer = theirFile?.items && ourFile.items?.every(item => theirFile.items!.includes(item));
        return [name, fewer && ourFile.items!.length < theirFile.items!.length ? theirFile : ourFile];
      });
      return { our: Object.fromEntries(kept) as Contents, their };
    },
  },
  {
    name: 'Sealed caches',
    commands: all,
    mit: 'does not know the cache type KEYCHAIN.',
    ours: 'seals tickets under a key in the OS keychain, by default if there is one.',
    why: 'Anybody who can read the disk can use the tickets in a plain file.',
    example: 'KRB5CCNAME=KEYCHAIN: KRB5KIT_KEYCHAIN=none klist',
    reconcile: (pair, { env }) =>
      env.KRB5CCNAME?.startsWith('KEYCHAIN:') ? { ...pair, our: pair.their } : pair,
  },
  {
    name: 'Caches of other systems',
    commands: all,
    mit: 'does not know the types API and MSLSA on Linux; a listing of their caches is empty.',
    ours: 'says which system they belong to.',
    why: 'The message tells what to use instead.',
    example: 'KRB5CCNAME=API: klist',
    reconcile: pair =>
      /API caches belong to macOS|MSLSA is the logon session/.test(pair.our.stderr) &&
      /^$|Unknown credential cache type|Matching credential not found/.test(pair.their.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Other files in the directory of a collection',
    commands: ['kswitch', 'kdestroy'],
    mit: 'while looking for a principal’s cache, fails for a `DIR::` name whose file name does not begin with `tkt`.',
    ours: 'ignores it, and finds none.',
    why: 'Such a file belongs to no collection; if it is named directly, an error says so.',
    example: 'KRB5CCNAME=DIR::$D/cc kswitch -p nobody',
    reconcile: pair =>
      /Credential cache name malformed while (?:searching|finding)/.test(pair.their.stderr)
        ? ours(pair, 'stderr', 'Matching credential not found', 'Credential cache name malformed')
        : pair,
  },
  {
    name: 'Caches in memory',
    commands: ['klist', 'kdestroy', 'kinit'],
    mit: 'creates one when it is named, which is empty and disappears when the program ends.',
    ours: 'says that there is none.',
    why: 'No other program can have put anything into it.',
    example: 'kdestroy -c MEMORY:x',
    reconcile: (pair, { argv, env }) =>
      [...argv, env.KRB5CCNAME].some(word => word?.startsWith('MEMORY:')) &&
      pair.our.status === pair.their.status
        ? { our: withoutStreams(pair.our), their: withoutStreams(pair.their) }
        : pair,
  },
  {
    name: 'The first cache of a server',
    commands: ['kinit'],
    mit: 'gives the first cache of a KCM server the name of the server’s default.',
    ours: 'lets the server choose a name for it, as for any other, and makes it the default.',
    why: 'Two programs that log in at the same time would write to the same cache.',
    example: 'KRB5CCNAME=KCM: kinit -V alice < alicepw',
    withServer: true,
    reconcile: ({ our, their }, { env }) => {
      if (env.KRB5CCNAME !== 'KCM:') return { our, their };
      const unnamed = (said: Said): Said => ({
        ...said,
        stderr: said.stderr
          .replace(/Using (?:default|new) cache: [\w:]+/, 'Using a cache')
          .replace(/(Using existing cache): [\w:]+/, '$1'),
      });
      return { our: unnamed(our), their: unnamed(their) };
    },
  },
  {
    name: 'Keys that do not match',
    commands: ['kvno'],
    mit: 'reports `Wrong principal in request` if no key in the keytab opens the ticket.',
    ours: 'says that.',
    why: 'Nothing is wrong with the request.',
    example: 'kvno -k $D/client.keytab host/localhost',
    reconcile: pair =>
      ours(pair, 'stderr', 'No key of the keytab opens the ticket', 'Wrong principal in request'),
  },
  {
    name: 'Mistakes in krb5.conf',
    commands: all,
    mit: 'reports that a file has an improper format, or that an included one cannot be read, and ignores a NUL byte, an unknown `%{variable}` and most values that make no sense.',
    ours: 'names the file and line of the mistake, and stops.',
    why: 'The user needs to know which line to correct.',
    example: 'KRB5_CONFIG=$D/relation.conf klist',
    reconcile: (pair, { env }) => {
      const token = / means nothing here\n$/.test(pair.our.stderr);
      const nul = / a NUL character (?:while )?initializing /.test(pair.our.stderr);
      if (token || (nul && env.KRB5_CONFIG !== undefined)) return { ...pair, our: pair.their };
      const lineless = ours(pair, 'stderr', /(?<=: )\$D\/\S+:\d+: (?=Included profile file)/, '');
      const improper = 'Improper format of Kerberos configuration file';
      return ours(lineless, 'stderr', /(?<=: )\$D\/\S+:\d+: .*?(?= (?:while )?initializing)/, improper);
    },
    reconcileFiles: (pair, lines) =>
      lines.some(({ env }) => env.KRB5_CONFIG === '$D/cc') ? { ...pair, our: pair.their } : pair,
  },
  {
    name: 'Odd configuration files',
    commands: all,
    mit: 'loses the section after a byte order mark and the files after an empty part of `KRB5_CONFIG`, refuses lines of 2 KiB and a blank after the name of an included file, and heeds the `*` of a final section only in later files, and that of a final relation nowhere.',
    ours: 'reads all of these, and heeds `*` as version 1.22 of MIT’s does.',
    why: 'Editors and scripts write such files, and their users expect them to be read.',
    example: 'KRB5_CONFIG=$D/mark.conf kinit alice <',
    reconcile: (pair, { env }) =>
      env.KRB5_CONFIG === '$D/mark.conf' && /does not specify default realm/.test(pair.their.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Armor of kpasswd',
    commands: ['kpasswd'],
    mit: 'without a principal, protects the exchange with the default cache, and fails if its tickets have expired or are for another realm.',
    ours: 'does not use the cache.',
    why: 'A password can be changed whatever is in the cache. The password protects the KDC’s reply.',
    example: 'KRB5CCNAME=FILE:$D/expired.cc kpasswd < wrong',
    reconcile: (pair, { argv }) =>
      argv.length === 0 &&
      pair.our.stderr === 'kpasswd: Preauthentication failed getting initial ticket\n' &&
      /^kpasswd: (?:Ticket|Matching|Generic) .*getting initial ticket\n$/.test(pair.their.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Second tickets that are not valid yet',
    commands: ['kvno'],
    mit: 'sends the KDC a postdated ticket for `--u2u`, which the KDC refuses.',
    ours: 'reports that the cache has no valid one.',
    why: 'The answer is known in advance.',
    example: 'kvno --u2u $D/postdated.cc bob',
    reconcile: pair =>
      /not found \(filename: \$D\/postdated\.cc\) while getting user-to-user/.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Generic errors',
    commands: askers,
    mit: 'reports `Generic error (see e-text)` for an error within FAST, without the text.',
    ours: 'shows the text.',
    why: 'The text is all the information that the KDC gives.',
    example: 'kinit -T $D/odd.cc alice < alicepw',
    reconcile: pair =>
      ours(pair, 'stderr', /(?<=: )KDC returned error string: \S+/, 'Generic error (see e-text)'),
  },
  {
    name: 'Failures of kdestroy -A',
    commands: ['kdestroy'],
    mit: 'ignores a directory in place of a cache, and succeeds whatever it could not destroy.',
    ours: 'reports what could not be destroyed, and fails.',
    why: 'Whoever logs out needs to know what remains.',
    example: 'kdestroy -A -c $D/empty',
    reconcile: (pair, { argv }) =>
      argv.includes('-A') && /^kdestroy: .* while destroying cache /.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Incomplete keytabs',
    commands: ['ktutil', 'klist', 'kinit', 'kvno'],
    mit: 'appends keys to an incomplete record, and then reads nonsense there; it cannot read a keytab with a hole of 2 GiB.',
    ours: 'reads the complete records, and adds nothing to such a keytab.',
    why: 'Keys that cannot be found are of no use.',
    example: 'ktutil < rkt␠$D/client.keytab wkt␠$D/cut.kt',
    reconcile: (pair, { argv, input, env }) =>
      /' is damaged while writing/.test(pair.our.stderr) ||
      [...argv, input, ...Object.values(env)].some(text => text.includes('$D/hole.kt'))
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: ({ our, their: { 'cut.kt': written, ...their } }) => ({ our, their }),
  },
  {
    name: 'Keys in hexadecimal',
    commands: ['ktutil'],
    mit: 'loses the rest of the piped input when it reads a key.',
    ours: 'continues with the next line.',
    why: 'Scripts pipe requests to it.',
    example: 'ktutil < addent␠-key␠-p␠bob␠-k␠2␠-e␠aes128-cts 00112233445566778899aabbccddeeff l',
    reconcile: (pair, { input }) => (input.includes('addent -key') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Language',
    commands: all,
    mit: 'uses German where its translations are installed.',
    ours: 'uses English. Both print times as the user’s locale says.',
    why: 'Scripts and web searches know the English messages.',
    example: 'LC_ALL=de_DE.UTF-8 kinit -l bogus alice',
    reconcile: (pair, { env }) =>
      env.LC_ALL?.startsWith('de_DE') && pair.our.status === pair.their.status
        ? { our: withoutStreams(pair.our), their: withoutStreams(pair.their) }
        : pair,
  },
];

/** Replaces our output by what MIT's would be. */
function ours(pair: SaidPair, stream: 'stdout' | 'stderr', what: RegExp | string, by: string): SaidPair {
  return { ...pair, our: { ...pair.our, [stream]: pair.our[stream].replace(what, by) } };
}

function withoutBreaks(said: Said): Said {
  return { ...said, stdout: said.stdout.replace(/\s+/g, ' ') };
}

function withoutControls({ status, stdout, stderr }: Said): Said {
  const [out, err] = [stdout, stderr].map(text =>
    text.replace(/[\p{Cc}\udc80-\udc9f]/gu, char => ('\n\t\u0007'.includes(char) ? char : '?')),
  );
  return { status, stdout: out!, stderr: err! };
}

function withoutStreams({ status }: Said): Said {
  return { status, stdout: '', stderr: '' };
}

function eachFile(files: Contents, change: (text: string, name: string) => string): Contents {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, { ...file, text: change(file.text, name) }]),
  );
}

function lacksKey({ our }: SaidPair): boolean {
  return /no key of the client's of an encryption type that is permitted here/.test(our.stderr);
}

function typesControlH({ typed = [] }: Line): boolean {
  return typed.some(([, keys]) => keys.includes('\b'));
}

function failsForWay({ their }: SaidPair, { argv }: Line): boolean {
  return argv.includes('-I') && /Generic preauthentication failure while getting/.test(their.stderr);
}

function mixesActions({ argv }: Line): boolean {
  const given = (letter: string): boolean => argv.some(word => new RegExp(`^-[a-zA-Z]*${letter}`).test(word));
  return ['k', 'R', 'v'].filter(given).length > 1;
}

import type { Environment, Said } from './both-programs.ts';
import type { Contents } from './differential-files.ts';

/** What the two programs said to one command line. */
export interface SaidPair {
  readonly our: Said;
  readonly their: Said;
}

/** The files that the two have left. */
export interface FilesPair {
  readonly our: Contents;
  readonly their: Contents;
}

/** A command line of a case. */
export interface Line {
  readonly program: string;
  readonly argv: readonly string[];
  readonly input: string;
  readonly env: Environment;
  /** What was typed, where it ran on a terminal. */
  readonly typed: Difference['typed'];
  readonly columns: Difference['columns'];
}

/** A difference that is meant: a row of docs/differences.md. */
export interface Difference {
  readonly name: string;
  readonly commands: readonly Program[];
  /** What MIT's program does, what ours does, and why: sentences in Markdown. */
  readonly mit: string;
  readonly ours: string;
  readonly why: string;
  /**
   * A case that shows it: variables, the command line, and after `<` the lines it reads. A terminal shows what `typed`
   * waits for.
   */
  readonly example: string;
  readonly typed?: readonly (readonly [shown: string, keys: string])[] | undefined;
  /** How wide the terminal is, if not as wide as every line. */
  readonly columns?: number;
  /** Where there is a server for caches. */
  readonly withServer?: boolean;
  /** Makes the two the same where they differ by this and by nothing else. */
  readonly reconcile?: (pair: SaidPair, line: Line) => SaidPair;
  readonly reconcileFiles?: (pair: FilesPair, lines: readonly Line[]) => FilesPair;
}

type Program = 'kinit' | 'klist' | 'kdestroy' | 'kvno' | 'kswitch' | 'kpasswd' | 'ktutil';

const all: readonly Program[] = ['kinit', 'klist', 'kdestroy', 'kvno', 'kswitch', 'kpasswd', 'ktutil'];
const writers: readonly Program[] = ['kinit', 'kdestroy', 'kvno', 'kswitch'];
const askers: readonly Program[] = ['kinit', 'kvno', 'kpasswd'];

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

const withoutLink = (files: Contents): Contents =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !/^link(?:\.cc|ed)$/.test(name)));

/** In the order in which they are tried. */
export const differences: readonly Difference[] = [
  {
    name: 'Version',
    commands: ['klist'],
    mit: 'prints its own version.',
    ours: 'prints `krb5kit version …`.',
    why: 'A script that looks at the version should know whose it is.',
    example: 'klist -V',
    reconcile: pair => ours(pair, 'stdout', /^krb5kit version \S+\n$/, 'Kerberos 5 version 1.20.1\n'),
  },
  {
    name: 'More options',
    commands: all,
    mit: 'knows no `--help`, `--json` and other options of ours, and ktutil takes no operands.',
    ours: 'has `--help` everywhere and the options that its manual page marks as not of MIT.',
    why: 'Help and output for programs; nothing changes for those who do not ask for them.',
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
    ours: 'takes `--`, which ends the options, and tells of unknown ones.',
    why: 'There is `--json`. A principal that begins with a hyphen comes after `--`.',
    example: 'kpasswd -Z',
    reconcile: (pair, { argv }) => (argv[0]?.startsWith('-') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Explained failures',
    commands: askers,
    mit: 'tells of a failure in one line.',
    ours: 'adds indented lines on a terminal and with `-V`: the configuration, what was asked, which KDC said what, what to try.',
    why: 'Most failures are mistakes in files that the one line does not name. Through a pipe there is one line, MIT’s.',
    example: 'kinit -V nobody',
    reconcile: (pair, { argv, typed }) => {
      if (typed === undefined && !argv.some(word => /^-[^-]*V/.test(word))) return pair;
      const stream = typed === undefined ? 'stderr' : 'stdout';
      return ours(pair, stream, /(?<=: .*\n)(?: {2,}.*\n)+/g, '');
    },
  },
  {
    name: 'Lines that a terminal has no room for',
    commands: all,
    mit: 'leaves it to the terminal to break them, anywhere.',
    ours: 'breaks errors, warnings and the usage between words on a terminal, and goes on further in.',
    why: 'Words can be read, and names and paths copied. Through a pipe every line is MIT’s.',
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
    mit: 'lists an expired ticket as any other.',
    ours: 'writes `(expired)` after it, on a terminal, in colours where they are wanted.',
    why: 'That is what most people look for. Through a pipe nothing is added.',
    example: 'klist $D/expired.cc',
    typed: [],
    reconcile: (pair, { typed }) =>
      typed === undefined ? pair : ours(ours(pair, 'stdout', COLOURS, ''), 'stdout', / \(expired\)$/gm, ''),
  },
  {
    name: 'Backspace',
    commands: ['kinit', 'kpasswd'],
    mit: 'has the terminal erase by its own erase character only.',
    ours: 'erases by both keys that are called backspace.',
    why: 'A password with a control character in it is a mistyped one.',
    example: 'kinit alice',
    typed: [['Password for alice@A.TEST: ', 'alicepv\bw\n']],
    reconcile: (pair, line) => (typesControlH(line) ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) => (line && typesControlH(line) ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Words that are passed over',
    commands: ['kinit'],
    mit: 'stops at what it cannot read in a time, so that `1w` is one second, takes `2330` for seconds, and ignores an attribute that it does not know.',
    ours: 'does the same, and warns.',
    why: 'Nobody wants a ticket for one second.',
    example: 'kinit -l 1w alice < alicepw',
    reconcile: pair => ours(pair, 'stderr', /^kinit: warning: -[lrsX] .*\n/gm, ''),
  },
  {
    name: 'Realms in lower case',
    commands: ['kinit'],
    mit: 'looks for the realm as it is written, and says that it cannot be found.',
    ours: 'warns before that, unless the configuration has the realm like this, or `-C` or `-E` lets the KDC correct it.',
    why: 'The case of realms matters, and nearly all are in capitals.',
    example: 'kinit alice@a.test',
    reconcile: pair => ours(pair, 'stderr', /^kinit: warning: the realm .*\n/gm, ''),
  },
  {
    name: 'Weak encryption types',
    commands: ['kvno'],
    mit: 'asks for a session key of RC4 with `-e` without a word.',
    ours: 'does the same, and warns.',
    why: 'What such a key protects can be read by others.',
    example: 'kvno -e rc4-hmac HTTP/localhost',
    reconcile: pair => ours(pair, 'stderr', /^kvno: warning: .* can be broken, .*\n/gm, ''),
  },
  {
    name: 'Control characters',
    commands: all,
    mit: 'writes those of a name as they are.',
    ours: 'writes `?` for each in what it says, and on a terminal in what it lists.',
    why: 'They steer terminals, and forge lines of a log. A listing through a pipe has the bytes of the name.',
    example: 'kvno a\u001b[31m',
    reconcile: ({ our, their }) => ({ our: withoutControls(our), their: withoutControls(their) }),
  },
  {
    name: 'Attributes with -V',
    commands: ['kinit'],
    mit: 'says `PA Option a = b` of an attribute that it does not know.',
    ours: 'says so of those that it uses.',
    why: 'The other ones have no effect, as the warning says.',
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
    mit: 'uses a key of RC4 where the client has no other, with a warning that this will end.',
    ours: 'has ended it: `allow_rc4` or `allow_weak_crypto` brings it back.',
    why: 'RC4 makes of a password a key that is quickly guessed; later versions of MIT’s refuse it, too.',
    example: 'kinit rc4user < rc4pw',
    reconcile: (pair, { argv }) =>
      argv.includes('rc4user') && lacksKey(pair) ? { ...pair, our: pair.their } : pair,
    reconcileFiles: (pair, [line]) => (line?.argv.includes('rc4user') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Mechanisms that are not there',
    commands: ['kinit'],
    mit: 'says `Generic preauthentication failure` where it has none of the mechanisms that the KDC offers.',
    ours: 'says so.',
    why: 'It is what the KDC’s administrator has to know.',
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
    name: 'Questions that nobody answers',
    commands: ['kinit'],
    mit: 'asks once more where a KDC that offers SPAKE offers something else as well.',
    ours: 'asks once.',
    why: 'The input has come to its end.',
    example: 'KRB5_CONFIG=$D/spake.conf kinit alice <',
    reconcile: pair =>
      /: Cannot read password while/.test(pair.our.stderr)
        ? { ...pair, their: { ...pair.their, stdout: pair.their.stdout.replace(/^(.*\n)\1$/, '$1') } }
        : pair,
  },
  {
    name: 'Line ends in passwords',
    commands: askers,
    mit: 'takes the carriage return before a line feed for a part of the password.',
    ours: 'takes both for the end of the line.',
    why: 'Files with passwords come from Windows, too.',
    example: 'kinit alice < alicepw\r',
    reconcile: (pair, { input }) => (input.includes('\r\n') ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) => (line?.input.includes('\r\n') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Renewal and keytab',
    commands: ['kinit'],
    mit: 'does what the last one of `-k`, `-R` and `-v` says.',
    ours: 'validates with `-v`, else renews with `-R`, else takes the keytab.',
    why: 'Nobody means both; the order of options has a meaning nowhere else.',
    example: 'kinit -v -R',
    reconcile: (pair, line) => (mixesActions(line) ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) => (line && mixesActions(line) ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'The way of an earlier ticket',
    commands: ['kinit'],
    mit: 'with `-I`, takes no other pre-authentication than that which got the ticket in the cache, and fails where the KDC does not offer it.',
    ours: 'tries that first, and then what else is offered.',
    why: 'The ticket is what is wanted. Nothing weaker is taken: what uses the password is not tried twice.',
    example: 'kinit -I $D/cc -T $D/bob.cc alice < alicepw',
    reconcile: (pair, line) => (failsForWay(pair, line) ? { ...pair, our: pair.their } : pair),
    reconcileFiles: (pair, [line]) =>
      line?.argv.includes('-I') && line.argv.includes('-T') ? { ...pair, our: pair.their } : pair,
  },
  {
    name: 'Where tickets could not be stored',
    commands: ['kinit', 'kvno'],
    mit: 'does not name the file, and knows less of the reason.',
    ours: 'names it.',
    why: 'The name is what has to be mended.',
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
    ours: 'keeps locks in its data directory, which it makes.',
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
    ours: 'replaces it by one that is for its owner alone.',
    why: 'A new file takes the place of the old one at once, so that no reader sees half of it; and a ticket is a secret.',
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
    mit: 'follows a symbolic link in the place of a cache: `kvno` adds to the file that it leads to, and `kdestroy` overwrites that with zeros.',
    ours: 'puts a file in the place of the link, and does not destroy what it leads to, but says so.',
    why: 'In a directory such as `/tmp`, the link may be somebody else’s.',
    example: 'kdestroy -c $D/link.cc',
    reconcile: pair =>
      / is a symbolic link, which is not followed /.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: ({ our, their }) => ({ our: withoutLink(our), their: withoutLink(their) }),
  },
  {
    name: 'What is no file in the place of a cache',
    commands: ['kinit', 'kdestroy', 'kvno'],
    mit: 'puts a file in the place of a FIFO, a socket or a device, or removes it; root’s `kdestroy -c /dev/null` does so, too.',
    ours: 'says that the permissions are incorrect, and leaves it.',
    why: 'Nobody keeps tickets there, and others may need it.',
    example: 'kinit -c $D/fifo alice < alicepw',
    reconcile: (pair, { argv }) =>
      argv.includes('$D/fifo') && /Credentials cache permissions incorrect/.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: ({ our: { fifo: _, ...our }, their: { fifo: __, ...their } }) => ({ our, their }),
  },
  {
    name: 'Tickets that are none',
    commands: ['kvno'],
    mit: 'says of what lies in a cache in the place of a ticket how its ASN.1 fails.',
    ours: 'names the field, too.',
    why: 'Whoever wrote it can see what is wrong.',
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
    name: 'Caches that break off',
    commands: ['kvno'],
    mit: 'writes a new ticket behind one that breaks off, where nobody finds it.',
    ours: 'keeps what is whole, and adds the new ticket to that.',
    why: 'The next program finds the ticket.',
    example: 'kvno -c $D/cut.cc host/localhost',
    reconcileFiles: ({ our, their }) => {
      const { 'cut.cc': file } = their;
      return { our: file !== undefined && our['cut.cc'] ? { ...our, 'cut.cc': file } : our, their };
    },
  },
  {
    name: 'Expired service tickets',
    commands: ['kinit', 'kvno'],
    mit: 'keeps them until the cache is made anew.',
    ours: 'removes them whenever it stores a ticket.',
    why: 'They are of no use, and the cache of a long session grows without end.',
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
    mit: 'knows no caches of type KEYCHAIN.',
    ours: 'seals tickets by the OS keychain, which is the default where there is one.',
    why: 'A ticket in a file is for anybody who reads the disk.',
    example: 'KRB5CCNAME=KEYCHAIN: KRB5KIT_KEYCHAIN=none klist',
    reconcile: (pair, { env }) =>
      env.KRB5CCNAME?.startsWith('KEYCHAIN:') ? { ...pair, our: pair.their } : pair,
  },
  {
    name: 'Caches of other systems',
    commands: all,
    mit: 'does not know the types API and MSLSA on Linux; a listing of their caches is empty.',
    ours: 'says whose they are.',
    why: 'The sentence tells what to use instead.',
    example: 'KRB5CCNAME=API: klist',
    reconcile: pair =>
      /API caches belong to macOS|MSLSA is the logon session/.test(pair.our.stderr) &&
      /^$|Unknown credential cache type|Matching credential not found/.test(pair.their.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Files that are no cache of a directory',
    commands: ['kswitch', 'kdestroy'],
    mit: 'looking for a principal’s cache, stops at a `DIR::` name of a file whose own name does not begin with `tkt`.',
    ours: 'passes over it, and finds none.',
    why: 'Such a file belongs to no collection; whoever names it for itself is told so.',
    example: 'KRB5CCNAME=DIR::$D/cc kswitch -p nobody',
    reconcile: pair =>
      /Credential cache name malformed while (?:searching|finding)/.test(pair.their.stderr)
        ? ours(pair, 'stderr', 'Matching credential not found', 'Credential cache name malformed')
        : pair,
  },
  {
    name: 'Caches in memory',
    commands: ['klist', 'kdestroy', 'kinit'],
    mit: 'makes one by its name, so that it is there, though empty, and gone when the program ends.',
    ours: 'says that there is none.',
    why: 'So it is: no other program has put anything into it.',
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
    mit: 'names the first cache of a KCM server as the server’s default is named.',
    ours: 'has the server make up a name for it, as for any other, and makes it the default.',
    why: 'Two programs that log in at once would write to the same cache.',
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
    name: 'Keys that do not fit',
    commands: ['kvno'],
    mit: 'says `Wrong principal in request` where no key of the keytab opens the ticket.',
    ours: 'says that.',
    why: 'Nothing is wrong with the request.',
    example: 'kvno -k $D/client.keytab host/localhost',
    reconcile: pair =>
      ours(pair, 'stderr', 'No key of the keytab opens the ticket', 'Wrong principal in request'),
  },
  {
    name: 'Mistakes in krb5.conf',
    commands: all,
    mit: 'says that a file has an improper format, or that an included one cannot be read, and passes over a NUL byte and over a `%{variable}` that there is not.',
    ours: 'names file and line of what it cannot read, and stops.',
    why: 'The line is what has to be mended.',
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
    name: 'Armor of kpasswd',
    commands: ['kpasswd'],
    mit: 'without a principal, protects the exchange by the default cache, and fails where its tickets have expired or are another realm’s.',
    ours: 'does without.',
    why: 'A password can be changed whatever is in the cache. The KDC’s reply is protected by the password.',
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
    mit: 'sends the KDC a postdated ticket for `--u2u`, which refuses.',
    ours: 'says that the cache has no valid one.',
    why: 'The answer is known before.',
    example: 'kvno --u2u $D/postdated.cc bob',
    reconcile: pair =>
      /not found \(filename: \$D\/postdated\.cc\) while getting user-to-user/.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Generic errors',
    commands: askers,
    mit: 'says `Generic error (see e-text)` of an error within FAST, without the text.',
    ours: 'shows the text.',
    why: 'It is all that the KDC tells.',
    example: 'kinit -T $D/odd.cc alice < alicepw',
    reconcile: pair =>
      ours(pair, 'stderr', /(?<=: )KDC returned error string: \S+/, 'Generic error (see e-text)'),
  },
  {
    name: 'Failures of kdestroy -A',
    commands: ['kdestroy'],
    mit: 'passes over a directory in the place of a cache.',
    ours: 'says that it could not be destroyed, and fails.',
    why: 'Whoever logs out wants to know what is left.',
    example: 'kdestroy -A -c $D/empty',
    reconcile: (pair, { argv }) =>
      argv.includes('-A') && /^kdestroy: .* while destroying cache /.test(pair.our.stderr)
        ? { ...pair, our: pair.their }
        : pair,
  },
  {
    name: 'Keytabs that break off',
    commands: ['ktutil', 'klist', 'kinit', 'kvno'],
    mit: 'adds keys behind a record that breaks off, and reads nonsense there; it reads no keytab in which a hole is of 2 GiB.',
    ours: 'reads what is whole, and adds nothing to such a keytab.',
    why: 'Keys that nobody finds let nobody in.',
    example: 'ktutil < rkt␠$D/client.keytab wkt␠$D/cut.kt',
    reconcile: (pair, { argv, input, env }) =>
      /' is damaged while writing/.test(pair.our.stderr) ||
      [...argv, input, ...Object.values(env)].some(text => text.includes('$D/hole.kt'))
        ? { ...pair, our: pair.their }
        : pair,
    reconcileFiles: ({ our, their: { 'cut.kt': written, ...their } }) => ({ our, their }),
  },
  {
    name: 'Keys in hexadecimal digits',
    commands: ['ktutil'],
    mit: 'loses what else is in the pipe when it reads a key.',
    ours: 'goes on with the next line.',
    why: 'Scripts pipe their requests.',
    example: 'ktutil < addent␠-key␠-p␠bob␠-k␠2␠-e␠aes128-cts 00112233445566778899aabbccddeeff l',
    reconcile: (pair, { input }) => (input.includes('addent -key') ? { ...pair, our: pair.their } : pair),
  },
  {
    name: 'Language',
    commands: all,
    mit: 'speaks German where its translations are installed.',
    ours: 'speaks English. Times are in the user’s way in both.',
    why: 'Scripts and searches know the English sentences.',
    example: 'LC_ALL=de_DE.UTF-8 kinit -l bogus alice',
    reconcile: (pair, { env }) =>
      env.LC_ALL?.startsWith('de_DE') && pair.our.status === pair.their.status
        ? { our: withoutStreams(pair.our), their: withoutStreams(pair.their) }
        : pair,
  },
];

/** Replaces what ours says by what MIT's would. */
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

import { type Case, inCase, step } from '../../support/differential.ts';

const lines = [
  ...[
    'alice < wrong',
    'alice <',
    'alice < alicepw',
    'nobody < x',
    'dead < deadpw',
    'disabled < disabledpw',
    'soon < soonpw',
  ],
  ...[
    'expired <',
    'expired < wrong',
    'expired < expiredpw',
    'expired < expiredpw a b',
    'need < needpw',
    'need < needpw a b a b',
  ],
  ...[
    'rc4user < rc4pw',
    'rc4user < wrong',
    'hardware < hardwarepw',
    'nopreauth < nopre',
    'nopreauth < wrong',
    'nopreauth <',
    'sha2user < sha2pw',
    'saltuser < saltpw',
    'aes128user < aes128pw',
  ],
  ...[
    'alice@A.TEST < alicepw',
    'alice@NOWHERE.TEST < x',
    'alice@a.test < x',
    'alice@ < x',
    '@A.TEST < x',
    '@ < x',
    "'' < x",
  ],
  ...[
    'a@b@c < x',
    'a\\ < x',
    'a\\b@A.TEST < x',
    'a/b/c < x',
    'a\\@b < x',
    '-n <',
    '-n @A.TEST <',
    '-n alice < alicepw',
    '/ < x',
  ],
  ...[
    '-E alice@corp < x',
    '-E alice < alicepw',
    '-C alice < alicepw',
    'ALICE < alicepw',
    'host/localhost < x',
    'krbtgt/A.TEST < x',
  ],
  ...[
    '-k',
    '-k host/localhost',
    '-k HTTP/localhost',
    '-k alice',
    '-ki',
    '-kiV',
    '-kt $D/client.keytab',
    '-kV sample/localhost',
  ],
  ...[
    '-R',
    '-v',
    '-RV',
    '-R bob',
    '-R alice',
    '-R -S krbtgt/A.TEST',
    '-R -S nope/x',
    '-v -S host/localhost',
    '-R -k alice',
    '-k -R alice',
  ],
  ...[
    '-R -i',
    '-v -R',
    '-R -v',
    '-R -t $D/client.keytab',
    '-v -k alice',
    '-R < alicepw',
    '-R nobody',
    '-R a@b@c',
    '-R -c $D/none',
  ],
  ...[
    '-S host/localhost alice < alicepw',
    '-S nope/x alice < alicepw',
    '-S a@b@c alice < alicepw',
    "-S '' alice < alicepw",
  ],
  ...[
    '-S kadmin/changepw alice < alicepw',
    '-S host/localhost@B.TEST alice < alicepw',
    '-S krbtgt/B.TEST alice < alicepw',
  ],
  ...[
    '-X bogus=1 alice < alicepw',
    '-X bogus alice < alicepw',
    '-X = alice < alicepw',
    '-X disable_freshness alice < alicepw',
  ],
  ...['-V -X X509_user_identity=FILE:$D/none alice < alicepw', '-V -X flag_RSA_PROTOCOL=yes alice < alicepw'],
  ...[
    '-X X509_anchors=FILE:$D/none alice < alicepw',
    "-X '' alice < alicepw",
    '-V -X a=b -X a=b alice < alicepw',
  ],
];

const LIFETIMES = [
  ...[
    '1h',
    '60',
    '-1',
    '0',
    'bogus',
    '1d2h3m4s',
    '1:30',
    '1:30:10',
    '5:70',
    '1-2:03:04',
    '2h1d',
    '1h1h',
    '+5m',
    '99999999999',
  ],
  ...[
    '2147483647',
    '2147483648',
    '-2147483648',
    '1d',
    "''",
    '1h30',
    '1m1',
    '1:',
    ':1',
    '1.5h',
    '1w',
    '1D',
    '0x10',
    '1e3',
    '100d',
    '1s',
  ],
];

const STARTS = [
  ...[
    '1h',
    '23:30',
    '2330',
    '20300101120000',
    '2030.01.01.12.00.00',
    '300101120000',
    '3001011200',
    '01-Jan-2030:12:00',
    '0',
    '-1h',
  ],
  ...['20300230120000', '30.01.01.12.00.00', 'bogus', '01-Foo-2030:12:00', '9', '-1'],
];

const cases = lines.map(line => inCase(`kinit ${line}`));
const times = [
  ...['-l', '-r'].flatMap(option => LIFETIMES.map(time => `kinit ${option} ${time} alice < alicepw`)),
  ...STARTS.map(time => `kinit -s ${time} alice < alicepw`),
].map(line => inCase(line));
const localStarts = ['de_DE.UTF-8', 'en_US.UTF-8', 'en_GB.UTF-8'].flatMap(locale =>
  STARTS.map(time =>
    inCase(`kinit -s ${time} alice < alicepw`, { LC_TIME: locale, LC_ALL: '-', TZ: 'Europe/Berlin' }),
  ),
);

const services = [
  ...[
    'host/localhost',
    'HTTP/localhost sample/localhost',
    'nope/x',
    'nope/x host/localhost',
    'krbtgt/A.TEST',
    'krbtgt/B.TEST',
  ],
  ...[
    'host/x@NOWHERE.TEST',
    'a@b@c',
    "''",
    'alice',
    'host/localhost@',
    '-S host localhost',
    '-S host',
    "-S '' localhost",
    '-S host a/b',
  ],
  ...[
    '-u host/localhost',
    '-e aes128-cts HTTP/localhost',
    '-e des-cbc-crc x',
    '-e bogus x',
    '-e 18 x',
    '-e rc4-hmac HTTP/localhost',
  ],
  ...[
    '-e aes HTTP/localhost',
    '-q nope/x',
    '-q a@b@c',
    '-k $D/service.keytab host/localhost HTTP/localhost',
    '-k $D/client.keytab host/localhost',
  ],
  ...[
    '--cached-only host/localhost HTTP/localhost',
    '--no-store HTTP/localhost',
    '--out-cache $D/out.cc host/localhost HTTP/localhost',
  ],
  ...[
    '--out-cache $D/out.cc host/localhost nope/x',
    '-I bob host/localhost',
    '-U bob alice',
    '-I bob alice',
    '-P -I bob HTTP/localhost',
  ],
  ...[
    '-c $D/service.cc -I bob host/localhost',
    '-c $D/service.cc -U bob host/localhost',
    '-c $D/service.cc -I nobody host/localhost',
  ],
  ...[
    '-c $D/service.cc -I bob -P HTTP/localhost',
    '--u2u $D/bob.cc bob',
    '--u2u $D/bob.cc alice',
    '--u2u $D/expired.cc alice',
    '-F $D/none x',
  ],
];

const changes = [
  ...[
    'bob < bobpw bobpw bobpw',
    'bob < wrong',
    'bob <',
    'bob < bobpw',
    'bob < bobpw a b',
    'bob < bobpw a',
    'nobody < x',
    'nobody',
  ],
  ...[
    'strict < strictPW1 a a',
    'strict < strictPW1 aaaaaaaaaa aaaaaaaaaa',
    'dead < deadpw',
    'disabled < disabledpw',
    'a@b@c',
    'x@B.TEST < x',
  ],
];

export const loginCases: readonly Case[] = [
  ...cases,
  ...times,
  ...localStarts,
  ...services.map(line => inCase(`kvno ${line}`)),
  ...changes.map(line => inCase(`kpasswd ${line}`)),
  inCase('kpasswd < wrong', { KRB5CCNAME: '$D/none' }),
  inCase('kpasswd < wrong', { KRB5CCNAME: '$D/junk' }),
  { steps: [step('kinit alice', { input: 'alicepw' })] },
  { steps: [step('kinit alice', { input: 'alicepw\r\n' })] },
  { steps: [step('kinit alice', { input: `${'x'.repeat(2000)}\n` })] },
  { steps: [step('kinit alice', { input: 'alice\0pw\n' })] },
];

/** Each file names its neighbours by TMPDIR. */
const CONFIGS = [
  ...[
    '$D/none',
    '$D/none:$D/krb5.conf',
    '$D/krb5.conf:$D/none',
    '$D/other.conf:$D/krb5.conf',
    '$D/krb5.conf:$D/other.conf',
    '$D/part.conf:$D/krb5.conf',
    ':',
  ],
  ...[
    '$D/junk',
    '$D/empty',
    '$D/nothing',
    '$D/brace.conf',
    '$D/section.conf',
    '$D/relation.conf',
    '$D/include.conf',
    '$D/cc',
  ],
];

export const configCases: readonly Case[] = CONFIGS.flatMap(KRB5_CONFIG =>
  [
    ...[
      'kinit alice < alicepw',
      'kinit alice@A.TEST < alicepw',
      'kinit',
      'kinit -k',
      'klist',
      'klist -k',
      'klist -l',
      'kvno host/localhost',
    ],
    ...[
      'kvno HTTP/localhost@A.TEST',
      'kvno -S HTTP localhost',
      'kdestroy',
      'kpasswd alice',
      'kpasswd',
      'kswitch -p alice',
      'kinit -R',
    ],
  ].map(line => inCase(line, { KRB5_CONFIG, TMPDIR: '$D' })),
);

const DEFAULTS = ['ccache', 'dir', 'uid', 'keytab', 'bogus', 'unnamed'];

/** Where the defaults of the configuration tell where caches and keytabs are. */
export const defaultCases: readonly Case[] = DEFAULTS.flatMap(name =>
  [
    'klist',
    'klist -l',
    'klist -k',
    'klist -ki',
    'kinit -V alice < alicepw',
    'kinit -Vki',
    'kdestroy',
    'kvno HTTP/localhost',
    'kdestroy -A',
  ].map(line =>
    inCase(line, {
      KRB5_CONFIG: `$D/${name}.conf:$D/krb5.conf`,
      ...{ TMPDIR: '$D', KRB5CCNAME: '-', KRB5_KTNAME: '-', KRB5_CLIENT_KTNAME: '-' },
    }),
  ),
);

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  ':Asia/Tokyo',
  'EST5EDT',
  'XYZ-3:30',
  ':CET-1CEST,M3.5.0,M10.5.0/3',
  '',
];
const LOCALES = [
  'C',
  'POSIX',
  'C.UTF-8',
  'en_US.UTF-8',
  'en_GB.UTF-8',
  'de_DE.UTF-8',
  'de_DE',
  'de_DE.utf8@euro',
  'xx_XX.UTF-8',
  '',
];

/** Times in every language and zone; what MIT says in German is another matter. */
export const timeCases: readonly Case[] = ZONES.flatMap(TZ =>
  LOCALES.flatMap(locale => [
    inCase('klist $D/odd.cc', { TZ, LC_ALL: '-', LC_TIME: locale }),
    inCase('klist -kt $D/many.kt', { TZ, LC_ALL: '-', LANG: locale, LC_MESSAGES: 'C' }),
    inCase('klist -C $D/cc', {
      TZ,
      LC_ALL: locale === 'de_DE.UTF-8' ? '-' : locale,
      LC_TIME: locale,
      LANGUAGE: 'C',
    }),
    inCase('kinit soon < soonpw', { TZ, LC_ALL: '-', LC_TIME: locale }),
    inCase('kinit -s 24-Nov-2036:12:00:30 alice < alicepw', { TZ, LC_ALL: '-', LC_TIME: locale }),
  ]),
);

import { type Case, inCase } from '../../support/differential.ts';

const FILES = [
  ...[
    'cc',
    'bob.cc',
    'expired.cc',
    'postdated.cc',
    'service.cc',
    'foreign.cc',
    'none.cc',
    'odd.cc',
    'cut.cc',
    'torn.cc',
  ],
  ...['stub.cc', 'version.cc', 'junk', 'nothing', 'missing', 'empty', 'many.kt', 'dir/tkt', 'junk/below'],
];

const listings = ['', '-e', '-f', '-an', '-d', '-C', '-A', '-l', '-s', '-As', '-fdeanC'];

/** What every command does with a file of each kind. */
export const cacheFileCases: readonly Case[] = FILES.flatMap(file => [
  ...listings.map(options => inCase(`klist ${options} $D/${file}`)),
  ...['kdestroy', 'kdestroy -q', 'kdestroy -A', 'kdestroy -p alice', 'kdestroy -p bob@A.TEST'].map(line =>
    inCase(`${line} -c $D/${file}`),
  ),
  ...[
    'kvno host/localhost',
    'kvno --cached-only host/localhost',
    'kvno HTTP/localhost nope/x',
    'kvno --u2u $D/bob.cc bob',
  ].map(line => inCase(`${line.replace('kvno', `kvno -c $D/${file}`)}`)),
  inCase(`kvno --u2u $D/${file} bob`),
  inCase(`kvno --out-cache $D/${file} HTTP/localhost`),
  inCase(`kinit -c $D/${file} alice < alicepw`),
  inCase(`kinit -V -c $D/${file} < alicepw`),
  inCase(`kinit -R -c $D/${file}`),
  inCase(`kinit -v -c $D/${file}`),
  inCase(`kinit -R -S host/localhost -c $D/${file}`),
  inCase(`kinit -T $D/${file} alice < alicepw`),
  inCase(`kinit -I $D/${file} alice < alicepw`),
  inCase(`kswitch -c $D/${file}`),
  inCase('kpasswd < wrong', { KRB5CCNAME: `FILE:$D/${file}` }),
]);

/** Where there is no server and nothing is written outside of the directory. */
const NAMES = [
  ...[
    "''",
    'FILE:',
    '$D/cc',
    'FILE:$D/none',
    'file:$D/cc',
    'BOGUS:x',
    'BOGUS:',
    ':x',
    'MEMORY:x',
    'MEMORY:',
    '/',
    'cc',
    './cc',
  ],
  ...[
    'DIR:$D/dir',
    'DIR::$D/dir/tkt',
    'DIR::$D/dir/tktalice',
    'DIR::$D/dir/tktnone',
    'DIR:$D/none',
    'DIR:$D/cc',
    'DIR:',
  ],
  ...[
    'DIR:$D/empty',
    'DIR::$D/dir/other',
    'DIR::$D/cc',
    'DIR::',
    'DIR:dir',
    'DIR:$D/dir/',
    'DIR:$D/none/deep',
  ],
  ...[
    'KCM:',
    'KCM:x',
    'KCM:0:1',
    'API:',
    'API:x',
    'MSLSA:',
    'KEYRING',
    'FILE:$D/%{uid}',
    'FILE:$D/none/x',
    'FILE:$D/junk/x',
  ],
];

const commands = [
  ...[
    'klist',
    'klist -l',
    'klist -A',
    'klist -s',
    'klist -As',
    'kdestroy',
    'kdestroy -A',
    'kdestroy -p alice',
  ],
  ...[
    'kvno HTTP/localhost',
    'kswitch -p alice',
    'kswitch -p bob',
    'kswitch -p nobody',
    'kinit -V alice < alicepw',
  ],
  ...[
    'kinit -V bob < bobpw',
    'kinit -V < alicepw',
    'kinit -R',
    'kdestroy -q',
    'kpasswd < wrong',
    'klist -lA',
    'kinit -kiV',
  ],
];

/** What every command does where the default cache has each name, and where it is named. */
export const cacheNameCases: readonly Case[] = NAMES.flatMap(name => [
  ...commands.map(line => inCase(line, { KRB5CCNAME: name === "''" ? '' : name })),
  ...[
    'klist %',
    'klist -l %',
    'klist -A %',
    'kdestroy -c %',
    'kdestroy -A -c %',
    'kswitch -c %',
    'kvno -c % HTTP/localhost',
  ].map(line => inCase(line.replace('%', name))),
  ...[
    'kinit -V -c % alice < alicepw',
    'kinit -T % alice < alicepw',
    'kinit -I % alice < alicepw',
    'kinit -V -c % < alicepw',
  ].map(line => inCase(line.replace('%', name))),
  ...['kvno --out-cache % HTTP/localhost', 'kvno --u2u % bob', 'kdestroy -p alice -c %'].map(line =>
    inCase(line.replace('%', name)),
  ),
]);

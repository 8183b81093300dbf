import { type Case, inCase, step } from '../../support/differential.ts';

const opening = [
  ...[
    'klist',
    'klist -l',
    'klist -A',
    'klist -s',
    'kdestroy',
    'kdestroy -q',
    'kdestroy -A',
    'kdestroy -p alice',
  ],
  ...['kswitch -p alice', 'kvno HTTP/localhost', 'kinit -R'],
];

const course = [
  ...['kinit -V -f alice < alicepw', 'klist -fe', 'klist -C', 'klist -l', 'klist -A', 'klist -s'],
  ...['kvno HTTP/localhost host/localhost', 'klist', 'kinit -V bob < bobpw', 'klist -l', 'klist -A', 'klist'],
  ...[
    'kswitch -p alice',
    'klist -l',
    'klist',
    'kinit -V alice < alicepw',
    'kinit -V -R',
    'kinit -V bob < bobpw',
  ],
  ...[
    'klist -As',
    'kdestroy -p alice',
    'klist -l',
    'kdestroy -p alice',
    'kdestroy',
    'klist -l',
    'klist',
    'kdestroy',
  ],
  ...[
    'kinit alice < alicepw',
    'kinit bob < bobpw',
    'kdestroy',
    'klist',
    'kinit bob < bobpw',
    'kdestroy -A',
    'klist -A',
  ],
  ...['klist -l', 'kinit -kV alice', 'kinit -kiV', 'kdestroy -qA'],
];

/** What is done to a collection from its first ticket to its last, by each of its names. */
export function storiesOf(...names: readonly string[]): readonly Case[] {
  return names.map(KRB5CCNAME => ({ ...inCase([...opening, ...course], { KRB5CCNAME }), clock: true }));
}

const password = (keys: string) => [['Password for alice@A.TEST: ', keys]] as const;
const prompt = 'ktutil:  ';

/** On a terminal. */
export const terminalCases: readonly Case[] = [
  step('kinit alice', { typed: password('alicepw\n') }),
  step('kinit alice', { typed: password('alicepv\bw\n') }),
  step('kinit alice', { typed: password('wrong\x15alicepw\n') }),
  step('kinit alice', { typed: password('wrong\n') }),
  step('kinit alice', { typed: password('\n') }),
  step('kinit alice', { typed: password('\x04') }),
  step('kinit alice', { typed: password('\x03') }),
  step('kinit -V alice', { typed: password('alicepw\n') }),
  step('kinit nobody', { typed: [] }),
  step('kinit -Z', { typed: [] }),
  step('kinit -c a -c b', { typed: [] }),
  step('kinit soon', { typed: [['Password for soon@A.TEST: ', 'soonpw\n']] }),
  ...['', '-l', '-A', '-fean', '-C', '-e'].map(options => step(`klist ${options}`, { typed: [] })),
  ...[
    '$D/expired.cc',
    '$D/odd.cc',
    '$D/none',
    '$D/junk',
    '$D/cut.cc',
    '-k $D/many.kt',
    '-kteK $D/many.kt',
    '-Z',
  ].map(words => step(`klist ${words}`, { typed: [] })),
  ...[
    'host/localhost',
    'HTTP/localhost nope/x',
    '-q HTTP/localhost',
    '',
    '-c $D/none x',
    '-k $D/service.keytab host/localhost',
  ].map(words => step(`kvno ${words}`, { typed: [] })),
  ...['', '-A', '-c $D/none', '-c $D/empty', '-qc $D/empty', '-p nobody', 'x'].map(words =>
    step(`kdestroy ${words}`, { typed: [] }),
  ),
  ...['-c $D/cc', '-p nobody', ''].map(words => step(`kswitch ${words}`, { typed: [] })),
  step('kpasswd bob', {
    typed: [
      ['Password for bob@A.TEST: ', 'bobpw\n'],
      ['Enter new password: ', 'bobpw\n'],
      ['Enter it again: ', 'bobpw\n'],
    ],
  }),
  step('kpasswd bob', {
    typed: [
      ['Password for bob@A.TEST: ', 'bobpw\n'],
      ['Enter new password: ', 'one\n'],
      ['Enter it again: ', 'other\n'],
    ],
  }),
  step('kpasswd alice', { typed: password('wrong\n') }),
  step('kpasswd alice', { typed: password('\x03') }),
  step('kpasswd a b', { typed: [] }),
  step('ktutil', {
    typed: [
      [prompt, 'rkt client.keytab\n'],
      [prompt, 'l -e\n'],
      [prompt, 'nonsense\n'],
      [prompt, 'l\x7flist -k\n'],
      [prompt, 'quit\n'],
    ],
  }),
  step('ktutil', { typed: [[prompt, '\x04']] }),
].map(each => ({ steps: [each], env: { TERM: 'dumb' } }));

const scripts = [
  ['rkt $D/many.kt', 'l', 'l -e -k', 'delent 3', 'l', 'wkt $D/new.kt', 'q'],
  ['rkt $D/client.keytab', 'rkt $D/service.keytab', 'l -e', 'wkt $D/client.keytab', 'clear', 'l'],
  ...['cut.kt', 'head.kt', 'hole.kt', 'version.kt', 'nothing', 'junk', 'cc', 'none', 'empty'].flatMap(
    name => [
      [`rkt $D/${name}`, 'l -t'],
      ['rkt $D/client.keytab', `wkt $D/${name}`],
    ],
  ),
  [
    'addent -password -p alice -k 3 -e aes256-cts',
    'pw',
    'addent -password -p a/b@B.TEST -k 300 -e rc4-hmac',
    'pw',
    'l -k',
    'wkt $D/new.kt',
  ],
  ['addent -password -p alice -k 3 -f', 'pw', 'l -e -k', 'wkt $D/none/x', 'wkt $D/junk', 'wkt $D/cc'],
  [
    'addent',
    'addent -password',
    'addent -key -p',
    'delent',
    'delent 1',
    'rkt',
    'wkt',
    'foo',
    '?',
    'lr',
    'rst x',
    'wst x',
    'quit x',
  ],
  ['"rkt" $D/many.kt', 'l x', 'l -x', 'l -te', '  l', '', 'exit'],
];

/** Requests that are piped into ktutil. */
export const requestCases: readonly Case[] = [
  ...scripts.map(lines => ({ steps: [step('ktutil', { input: `${lines.join('\n')}\n` })] })),
  ...['C', 'de_DE.UTF-8', 'en_US.UTF-8', 'en_GB.UTF-8'].map(locale => ({
    steps: [step('ktutil', { input: 'rkt $D/many.kt\nl -t\n' })],
    env: { LC_ALL: '-', LC_TIME: locale, TZ: 'Europe/Berlin' },
  })),
];

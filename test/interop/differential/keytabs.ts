import { type Case, inCase } from '../../support/differential.ts';

const NAMES = [
  ...[
    '$D/many.kt',
    '$D/cut.kt',
    '$D/head.kt',
    '$D/hole.kt',
    '$D/version.kt',
    '$D/nothing',
    '$D/junk',
    '$D/cc',
    '$D/none',
    '$D/empty',
  ],
  ...[
    'FILE:$D/many.kt',
    'WRFILE:$D/many.kt',
    'file:$D/many.kt',
    'BOGUS:x',
    'MEMORY:x',
    'SRVTAB:x',
    '$D/client.keytab',
    ':x',
    'x:',
  ],
];

/** What every command does with a keytab of each name. */
export const keytabCases: readonly Case[] = NAMES.flatMap(name => [
  ...[
    'klist -k %',
    'klist -kt %',
    'klist -keK %',
    'klist -ketK %',
    'kvno -k % host/localhost',
    'kvno -qk % HTTP/localhost',
  ].map(line => inCase(line.replace('%', name))),
  ...[
    'kinit -kt % alice',
    'kinit -t % alice',
    'kinit -Vkt %',
    'kinit -kt % host/x.test',
    'kinit -kt % nobody',
  ].map(line => inCase(line.replace('%', name))),
  ...['klist -k', 'klist -kt', 'kinit -k alice', 'kinit -k'].map(line => inCase(line, { KRB5_KTNAME: name })),
  ...['klist -ki', 'klist -kit', 'kinit -ki', 'kinit -Vki alice', 'kinit -i'].map(line =>
    inCase(line, { KRB5_CLIENT_KTNAME: name }),
  ),
  inCase([`kdestroy`, 'kvno host/localhost', 'klist -l'], { KRB5_CLIENT_KTNAME: name }),
]);

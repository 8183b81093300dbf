import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { credential, tgt } from '../ccache/tickets.ts';
import { writeCache } from '../cli/caches.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { type PtySession, startInPty } from '../support/pty-session.ts';

const bin = join(import.meta.dirname, '../../bin');
const TAB = '\t';

let dir: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const path = writeCache(dir, [
    tgt,
    credential('HTTP/www.a.test@A.TEST'),
    credential('host/db$one.a.test@A.TEST'),
    credential('evil/`id`$(id)"\'!x@A.TEST'),
    credential('pair/$(id)1@A.TEST'),
    credential('pair/$(id)2@A.TEST'),
  ]);
  // The only command, and the only file, whose name begins like this.
  mkdirSync(join(dir, 'programs'));
  writeFileSync(join(dir, 'programs/frobnicate'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'sole-file'), '');
  env = {
    PATH: [join(dir, 'programs'), bin, process.env.PATH].join(delimiter),
    HOME: dir,
    XDG_CONFIG_HOME: dir,
    XDG_DATA_HOME: dir,
    TERM: 'dumb',
    LC_ALL: 'C.UTF-8',
    KRB5_CONFIG: join(dir, 'no-krb5.conf'),
    KRB5CCNAME: `FILE:${path}`,
    KRB5KIT_KEYCHAIN: 'none',
  };
});

afterAll(() => rmSync(dir, { recursive: true }));

/** A shell, how it is started without anybody's own settings, and how it takes our script. */
interface Shell {
  readonly name: 'bash' | 'zsh' | 'fish';
  readonly args: readonly string[];
  readonly setUp: readonly string[];
  /** What is typed to see what it proposes; fish's list does not show on a terminal as plain as this one. */
  readonly list: string;
}

// In place of the commands, which need not run, are functions that tell what they were called with.
const inPlace = ['krb5kit', 'kinit', 'kvno'].map(name => `${name}() { printf '<%s>' "$@"; echo; }`);

const shells: readonly Shell[] = [
  {
    name: 'bash',
    args: ['--norc', '--noprofile', '-i'],
    setUp: ['source <(krb5kit completion bash)', ...inPlace],
    list: `kinit --no${TAB}${TAB}`,
  },
  {
    name: 'zsh',
    args: ['-f', '-i'],
    setUp: ['autoload -Uz compinit && compinit -u -D', 'source <(krb5kit completion zsh)', ...inPlace],
    list: `kinit --no${TAB}${TAB}`,
  },
  {
    name: 'fish',
    args: ['--no-config', '-i'],
    setUp: [
      'krb5kit completion fish | source',
      ...['krb5kit', 'kinit', 'kvno'].map(name => `function ${name}; printf '<%s>' $argv; echo; end`),
    ],
    list: "complete -C 'kinit --no'\r",
  },
];

/** What is typed before TAB, and the words that the command is then called with. */
const completed: readonly (readonly [typed: string, words: string])[] = [
  ['kinit al', '<alice@A.TEST>'],
  ['krb5kit kinit alice@', '<kinit><alice@A.TEST>'],
  ['kvno -q HT', '<-q><HTTP/www.a.test@A.TEST>'],
  ['kvno host/d', '<host/db$one.a.test@A.TEST>'],
  ['kvno evil/', '<evil/`id`$(id)"\'!x@A.TEST>'],
  ["kvno 'evil/", '<evil/`id`$(id)"\'!x@A.TEST>'],
  ['kvno "evil/', '<evil/`id`$(id)"\'!x@A.TEST>'],
  [`kvno pair/${TAB}1`, '<pair/$(id)1@A.TEST>'],
  ['kvno --u2u FILE:', '<--u2u><FILE:HOME/cc>'],
  ['kinit -c FILE:', '<-c><FILE:HOME/cc>'],
  ['krb5kit present HT', '<present><HTTP@www.a.test>'],
  ['krb5kit comp', '<completion>'],
  ['krb5kit completion po', '<completion><powershell>'],
  ['krb5kit cache expo', '<cache><export>'],
  ['krb5kit help kini', '<help><kinit>'],
  ['kvno --cached', '<--cached-only>'],
  ['krb5kit kdc run --max-r', '<kdc><run><--max-renewable-life>'],
  ['krb5kit http --delegate po', '<http><--delegate><policy>'],
  ['krb5kit run al', '<run><alice@A.TEST>'],
  ['krb5kit run --service HT', '<run><--service><HTTP/www.a.test@A.TEST>'],
  ['krb5kit run alice -- frobn', '<run><alice><--><frobnicate>'],
  ['krb5kit run -- frobnicate -x HOME/sole-f', '<run><--><frobnicate><-x><HOME/sole-file>'],
  ['krb5kit k5start -f HOME/sole-f', '<k5start><-f><HOME/sole-file>'],
  ['krb5kit k5start al', '<k5start><alice@A.TEST>'],
  ['krb5kit k5start -U -- frobn', '<k5start><-U><--><frobnicate>'],
  ['krb5kit k5start alice -- frobnicate HOME/sole-f', '<k5start><alice><--><frobnicate><HOME/sole-file>'],
  ['krb5kit krenew frobn', '<krenew><frobnicate>'],
  ['krb5kit krenew -k x frobn', '<krenew><-k><x><frobnicate>'],
  ['krb5kit krenew -- frobnicate HOME/sole-f', '<krenew><--><frobnicate><HOME/sole-file>'],
  ['krb5kit kdc run frobn', '<kdc><run><frobnicate>'],
  ['krb5kit kdc run --realm X frobn', '<kdc><run><--realm><X><frobnicate>'],
  ['krb5kit kdc run -- frobn', '<kdc><run><--><frobnicate>'],
];

describe.each(shells)('completion in $name', shell => {
  describePeer(shell.name, () => {
    let session: PtySession;

    beforeAll(async () => {
      session = await startInPty([findProgram(shell.name)!, ...shell.args], env);
      while (session.shown === '') await sleep(20); // what is typed before the shell edits its lines may be lost
      for (const [i, line] of shell.setUp.entries()) {
        session.type(`${line}; echo 'done' ${i}\r`);
        await session.shows(`done ${i}`);
      }
    });

    afterAll(() => session.close());

    it.each(completed)('makes a whole command of: %s', async (typed, words) => {
      session.type(`${typed.replaceAll('HOME', dir)}${TAB}\r`);
      await session.shows(words.replaceAll('HOME', dir));
    });

    it('tells what each of several options is for', async () => {
      session.type(shell.list);
      await session.shows('--noaddresses');
      await session.shows('Request a ticket');
      session.type('\x03');
    });
  });
});

import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { scratch } from '../ccache/samples.ts';
import { writeCache } from '../cli/caches.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { describePeer } from '../support/peers.ts';

let home: string;
let env: Environment;
beforeEach(() => {
  home = scratch();
  env = { KRB5_CONFIG: join(home, 'none'), KRB5CCNAME: join(home, 'cc'), HOME: home, LC_ALL: 'C' };
});

describePeer('mit-client', () => {
  /** Runs both on a cache of their own under the same name; whether it is still there is part of the outcome. */
  async function expectSameEnd(argv: readonly string[]): Promise<void> {
    const path = writeCache(home);
    const original = join(home, 'original');
    copyFileSync(path, original);
    const said = await ours(kdestroy, argv, env);
    const ourEnd = { ...said, left: existsSync(path) };
    copyFileSync(original, path);
    const theirEnd = { ...theirs(kdestroy, argv, env), left: existsSync(path) };
    expect(ourEnd, argv.join(' ')).toEqual(theirEnd);
  }

  it.each([
    '',
    '-q',
    '-A',
    '-Aq',
    '-5',
    '-4',
    '-p alice@A.TEST',
    '-p nobody@A.TEST',
    '-qp nobody@A.TEST',
    '-p a@b@c',
    '-c none',
    '-q -c none',
    '-A -c none',
    '-c BOGUS:x',
    '-A -c BOGUS:x',
    '-A -p x',
    '-c a -c b',
    '-p a -p b',
    '-c',
    '-Z',
    'operand',
  ])('kdestroy %s ends as with the reference implementation', async line => {
    await expectSameEnd(line.split(' ').filter(word => word !== ''));
  });

  it('kdestroy rings the bell over a cache that it cannot destroy', async () => {
    const path = join(home, 'directory');
    mkdirSync(path);
    for (const options of [[], ['-q']]) await expectSameEnd([...options, '-c', path]);
  });
});

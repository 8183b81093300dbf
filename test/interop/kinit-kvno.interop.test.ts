import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { type Environment, ours, type Said, theirs } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

let kdc: MitKdc;
let env: Environment;

describePeer('mit-kdc', () => describePeer('mit-client', suite));

/** Both programs on the same input, against one KDC: output, errors and status are the same but where a test says why. */
function suite(): void {
  beforeAll(async () => {
    kdc = await startMitKdc({
      principals: [
        'addpol -maxfailure 2 -lockoutduration 0 lockpol',
        'addprinc -pw lockedpw -policy lockpol +requires_preauth locked',
        'addprinc -pw rc4pw +requires_preauth -e arcfour-hmac:normal rc4user',
        'addprinc -pw soonpw +requires_preauth -pwexpire "70 hours" soon',
        'addprinc -pw hwpw +requires_preauth +requires_hwauth hwuser',
      ],
      libdefaults: ['permitted_enctypes = aes'],
    });
  });
  afterAll(() => kdc?.stop());
  beforeEach(() => {
    env = { ...kdc.env, HOME: kdc.dir, KRB5CCNAME: `FILE:${join(kdc.dir, 'cc')}` };
  });

  describe('without a cache, both say the same to', () => {
    it.each([
      ['kinit alice', 'alicepw\n'],
      ['kinit alice', 'wrong\n'],
      ['kinit alice', ''],
      ['kinit -V alice', 'alicepw\n'],
      ['kinit -V -c $D/other alice', 'alicepw\n'],
      ['kinit nobody', 'x\n'],
      ['kinit alice@NOWHERE.TEST', 'x\n'],
      ['kinit alice@', 'x\n'],
      ['kinit dead', 'deadpw\n'],
      ['kinit disabled', 'disabledpw\n'],
      ['kinit nopreauth', 'nopre\n'],
      ['kinit nopreauth', 'wrong\n'],
      ['kinit saltuser', 'saltpw\n'],
      ['kinit soon', 'soonpw\n'],
      ['kinit a@b@c', ''],
      ['kinit a\\', ''],
      ['kinit -4 alice', ''],
      ['kinit -5 alice', 'alicepw\n'],
      ['kinit -l -1 alice', 'alicepw\n'],
      ['kinit -s 1h -V alice', 'alicepw\n'],
      ['kinit -S host/localhost alice', 'alicepw\n'],
      ['kinit -S nope/localhost alice', 'alicepw\n'],
      ['kinit -C alice', 'alicepw\n'],
      ['kinit -E alice@corp', 'alicepw\n'],
      ['kinit -a alice', 'alicepw\n'],
      ['kinit -c BOGUS:foo alice', 'alicepw\n'],
      ['kinit -k -t $D/client.keytab alice', ''],
      ['kinit -V -t $D/client.keytab alice', ''],
      ['kinit -V -k -i', ''],
      ['kinit -k -t $D/client.keytab bob', ''],
      ['kinit -k -t $D/service.keytab host/localhost', ''],
      ['kinit -k -t $D/nonexistent alice', ''],
      ['kinit -k -t BOGUS:x alice', ''],
      ['kinit -R', ''],
      ['kinit -v', ''],
      ['kvno host/localhost', ''],
    ])('%s < %j', (line, input) => expectSame(line, { input }));

    it('kinit locked, after two wrong passwords', async () => {
      for (let i = 0; i < 2; i++) theirs(kinit, ['locked'], env, 'wrong\n');
      await expectSame('kinit locked', { input: 'lockedpw\n' });
    });
  });

  describe('with the cache of alice, both say the same to', () => {
    it.each([
      'kvno host/localhost HTTP/localhost',
      'kvno host/localhost nope/localhost HTTP/localhost',
      'kvno -q host/localhost nope/localhost',
      'kvno -S host localhost',
      'kvno -u host/localhost',
      'kvno -C host/localhost',
      'kvno krbtgt/A.TEST',
      'kvno krbtgt/B.TEST',
      'kvno host/x@NOWHERE.TEST',
      'kvno -k $D/service.keytab host/localhost',
      'kvno -k $D/service.keytab -q host/localhost',
      'kvno -k $D/nonexistent host/localhost',
      'kvno -k BOGUS:x host/localhost',
      'kvno -e aes128-cts host/localhost',
      'kvno -e des-cbc-crc host/localhost',
      'kvno -e bogus host/localhost',
      'kvno --cached-only host/localhost',
      'kvno --cached-only krbtgt/A.TEST',
      'kvno --no-store host/localhost',
      'kvno --out-cache $D/out host/localhost',
      'kvno --out-cache $D/none host/localhost nope/x',
      'kvno --out-cache BOGUS:out host/localhost',
      'kvno -c BOGUS:x host/localhost',
      'kvno -c $D/nonexistent host/localhost',
      'kvno -c $D/krb5.conf host/localhost',
      'kvno a@b@c',
      'kinit -R',
      'kinit -V -R',
      'kinit -v',
      'kinit -R nopreauth',
      'kinit -R -S host/localhost',
    ])('%s', line => expectSame(line, { before: () => login('-r', '1d') }));

    it.each(['kvno host/localhost', 'kinit -R'])('%s, once it has expired', line =>
      expectSame(line, { before: () => login('-l', '-1') }),
    );

    it.each(['kvno host/localhost', 'kinit -v', 'kinit -R'])('%s, where the ticket is postdated', line =>
      expectSame(line, { before: () => login('-s', '1h') }),
    );
  });

  describe('both fail, and ours says', () => {
    it.each([
      [
        'which file could not be written',
        'kinit -c /nonexistent/cc alice',
        'kinit: Failed to store credentials: No credentials cache found (filename: /nonexistent/cc) while getting initial credentials\n',
      ],
      [
        'that no key fits, not that the request is wrong',
        'kvno -k $D/client.keytab host/localhost',
        'host/localhost@A.TEST: kvno = 1, keytab entry invalid\n' +
          'kvno: No key of the keytab opens the ticket while decrypting ticket for host/localhost@A.TEST\n',
      ],
      [
        'that the key may not be used',
        'kinit rc4user',
        "kinit: Additional pre-authentication required: the KDC has no key of the client's of an encryption type that is permitted here while getting initial credentials\n",
      ],
      [
        'that a mechanism is missing',
        'kinit hwuser',
        'kinit: Additional pre-authentication required: the KDC offers no mechanism that is supported here while getting initial credentials\n',
      ],
    ])('%s: %s', async (_, line, stderr) => {
      const { our, their } = await both(line, { input: 'alicepw\n', before: () => login() });
      expect([our.status, their.status]).toEqual([1, 1]);
      expect(our.stderr).toBe(stderr);
      expect(their.stderr).not.toBe(stderr);
    });
  });

  it('kinit -l 1w gets a ticket for a second from both, and ours warns', async () => {
    const { our, their } = await both('kinit -l 1w alice', { input: 'alicepw\n' });
    expect(our).toEqual({
      ...their,
      stderr: 'kinit: warning: -l 1w means 1 second, because "w" is ignored\n',
    });
  });

  // The usage text is our own: it names the options there are.
  it.each([
    ['kinit', 2, '-l bogus'],
    ['kinit', 2, '-l 0'],
    ['kinit', 2, '-s bogus'],
    ['kinit', 2, '-f -F'],
    ['kinit', 2, '-fF -p -P -aA x y'],
    ['kinit', 2, '-c a -c b'],
    ['kinit', 2, '-t a -t b'],
    ['kinit', 2, '-Z'],
    ['kinit', 2, '--bogus'],
    ['kinit', 2, '-c'],
    ['kvno', 1, ''],
    ['kvno', 1, '-h'],
    ['kvno', 1, '-u -S host x'],
    ['kvno', 1, '-Z x'],
    ['kvno', 1, '--bogus x'],
  ])('%s, status %i: the mistake in %j is told in the same words', async (program, status, options) => {
    const { our, their } = await both(`${program} ${options}`);
    const complaint = ({ stderr }: Said) => stderr.slice(0, stderr.search(/usage:/i));
    expect([complaint(our), our.status]).toEqual([complaint(their), their.status]);
    expect(our.status).toBe(status);
  });
}

interface Situation {
  readonly input?: string;
  /** Fills the cache, before each of the two. */
  readonly before?: () => void;
}

async function expectSame(line: string, situation: Situation = {}): Promise<void> {
  const { our, their } = await both(line, situation);
  expect(our).toEqual(their);
}

async function both(
  line: string,
  { input = '', before }: Situation = {},
): Promise<{ our: Said; their: Said }> {
  const [name, ...argv] = line.split(' ').filter(word => word !== '');
  const command = name === 'kinit' ? kinit : kvno;
  const words = argv.map(word => word.replace('$D', kdc.dir));
  const fresh = (): void => {
    rmSync(join(kdc.dir, 'cc'), { force: true });
    before?.();
  };
  fresh();
  const their = theirs(command, words, env, input);
  fresh();
  return { our: await ours(command, words, env, input), their };
}

function login(...options: readonly string[]): void {
  const { status, stderr } = theirs(kinit, [...options, 'alice'], env, 'alicepw\n');
  if (status !== 0) throw new Error(stderr);
}

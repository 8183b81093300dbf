import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kdc as kdcCommand } from '../../src/cli/kdc.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import type { Trouble } from '../../src/kdc/trouble.ts';
import { startCommand } from '../cli/service.ts';
import { captureIo } from '../support/io.ts';
import { runPeer } from '../support/peer-client.ts';
import { describePeer, findProgram } from '../support/peers.ts';

const REALM = { realm: 'LAB.TEST', users: [{ name: 'alice', password: 'pw' }], services: ['host/localhost'] };

let folder: string;
let stop: () => Promise<unknown>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  stop = async () => undefined;
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string): string => join(folder, name);

/** The ways to have it go wrong. */
type Start = (flag: string, ofFile: object, trouble: Trouble) => Promise<void>;

const fromFlags: Start = async flag => {
  writeFileSync(inFolder('realm.json'), JSON.stringify(REALM));
  await startByCommand('--trouble', flag);
};

const fromFile: Start = async (_, ofFile) => {
  writeFileSync(inFolder('realm.json'), JSON.stringify({ ...REALM, trouble: ofFile }));
  await startByCommand();
};

const fromCode: Start = async (_flag, _ofFile, trouble) => {
  await startInProcess(trouble);
};

async function startByCommand(...words: readonly string[]): Promise<void> {
  const argv = ['--principals', inFolder('realm.json'), '--krb5-conf', inFolder('krb5.conf'), ...words];
  const { io, ended } = await startCommand(kdcCommand, argv, {
    env: { HOME: folder },
    ready: /ready on .*\n/,
  });
  stop = () => {
    io.stop();
    return ended;
  };
  keepTime();
}

async function startInProcess(trouble?: Trouble): Promise<RunningKdc> {
  const kdc = await startKdc({ ...REALM, trouble, passwordPort: 0 });
  stop = () => kdc.close();
  writeFileSync(inFolder('krb5.conf'), kdc.krb5Conf());
  keepTime();
  return kdc;
}

/** Has clients go by their own clock. */
function keepTime(): void {
  const conf = readFileSync(inFolder('krb5.conf'), 'utf8');
  writeFileSync(
    inFolder('krb5.conf'),
    conf.replace('[libdefaults]\n', '[libdefaults]\n\tkdc_timesync = 0\n'),
  );
}

const run = (line: string, input = '') => runPeer(folder, line.split(' '), { input });

describePeer('mit-client', () => {
  describe.each([
    ['flags', fromFlags],
    ['a realm file', fromFile],
    ['startKdc', fromCode],
  ])('trouble from %s', (_, start) => {
    it.each<[string, object, Trouble, RegExp]>([
      ['clock-skew=1h', { clockSkew: '1h' }, { clockSkew: 3600 }, /Clock skew too great/],
      ['clock-skew=-1h', { clockSkew: '-1h' }, { clockSkew: -3600 }, /Clock skew too great/],
      ['wrong-enctype', { wrongEnctype: true }, { wrongEnctype: true }, /no support for encryption type/],
      ['revoked=alice', { revoked: ['alice'] }, { revoked: ['alice'] }, /credentials have been revoked/],
      ['expired=alice', { expired: ['alice'] }, { expired: ['alice'] }, /entry in database has expired/],
      [
        'password-expired=alice',
        { passwordExpired: ['alice'] },
        { passwordExpired: ['alice'] },
        /Password expired/,
      ],
      ['die-after=1', { dieAfter: 1 }, { dieAfter: 1 }, /Cannot contact any KDC/],
    ])('keeps kinit out: %s', async (flag, ofFile, trouble, reason) => {
      await start(flag, ofFile, trouble);
      const { status, output } = await run('kinit alice', 'pw\n');
      expect([status, output]).toEqual([1, expect.stringMatching(reason)]);
    });

    it.each<[string, Trouble]>([
      ['too-big', { tooBig: true }],
      ['drop=1', { drop: 1 }],
      ['delay=0.3', { delay: 0.3 }],
    ])('is overcome by kinit: %s', async (flag, trouble) => {
      await start(flag, trouble, trouble);
      expect((await run('kinit alice', 'pw\n')).status).toBe(0);
    });

    // The client counts the realms, and says that of too many.
    it('has kvno go in circles', async () => {
      const loop = { referralLoop: 'loop.test' };
      await start('referral-loop=loop.test', loop, loop);
      expect((await run('kinit alice', 'pw\n')).status).toBe(0);
      const { status, output } = await run('kvno -S host www.loop.test');
      expect([status, output]).toEqual([1, expect.stringMatching(/Cannot contact any KDC/)]);
      expect((await run('kvno host/localhost')).status).toBe(0);
    });
  });

  describe('time goes by without waiting', () => {
    it('where it is told to', async () => {
      const kdc = await startInProcess();
      expect((await run('kinit -l 10h alice', 'pw\n')).status).toBe(0);
      kdc.advance(11 * 3600);
      const { status, output } = await run('kvno host/localhost');
      expect([status, output]).toEqual([1, expect.stringContaining('Ticket expired')]);
      kdc.advance(-11 * 3600);
      expect((await run('kvno host/localhost')).status).toBe(0);
    });

    it('where the command of kdc run says so', async () => {
      const script = [
        `echo pw | ${findProgram('kinit')} alice`,
        `${findProgram('kvno')} host/localhost`,
        'echo clock-skew=11h > $KRB5KIT_TROUBLE',
        `${findProgram('kvno')} host/other 2> said`,
        'echo nonsense > $KRB5KIT_TROUBLE',
        `${findProgram('kvno')} host/other`,
      ].join('\n');
      const services = ['--service', 'host/localhost', '--service', 'host/other'];
      const io = captureIo({ cwd: folder, env: { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder } });
      const argv = ['run', '--user', 'alice:pw', ...services, 'sh', '-c', script];
      expect(await runCommand(kdcCommand, argv, io)).toBe(0);
      expect(readFileSync(inFolder('said'), 'utf8')).toContain('Ticket expired');
      expect(io.stderr).toMatch(/^krb5kit kdc run: 'nonsense' is none of /);
    });
  });
});

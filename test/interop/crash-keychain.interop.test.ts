import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isConfigEntry } from '../../src/ccache/config-entries.ts';
import type { SealedCaches } from '../../src/ccache/sealed/caches.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { keyOf, seal, sealedHoldings } from '../support/crash-keychain.ts';
import { type CrashLab, filesBelow, type Home, startCrashLab } from '../support/crash-lab.ts';
import { AT_ONCE, atEachStep, killPoint, stepsOf, wasKilled } from '../support/kill-points.ts';
import { describePeer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

// As crash.interop.test.ts, with the steps towards the keychain among those that a command is killed at.

/** Each test runs some hundred commands. */
const PATIENTLY = { timeout: 240_000 };

/** As where its user has to be asked. */
const BY_KEYTAR = { KRB5KIT_KEYCHAIN: 'keytar' };
const IN_A_CHILD = ['after spawn 1', 'after the end of the child 1'];

const TGT = 'krbtgt/CRASH.TEST';
const ALICE = `alice: ${TGT} host/kept.example`;
const BOB = `bob: ${TGT} host/kept.example`;

describePeer('secret-service', () => {
  /** One for each of those that are at work at once. */
  let sessions: readonly SecretServiceSession[];
  let lab: CrashLab;
  let alone: SealedCaches;
  let both: SealedCaches;

  beforeAll(async () => {
    sessions = await Promise.all(Array.from({ length: AT_ONCE }, () => startSecretService()));
    lab = await startCrashLab();
    const bobs = { ...lab.tickets, principal: parsePrincipal('bob@CRASH.TEST') };
    alone = { primary: 'alice@CRASH.TEST', members: new Map([['alice@CRASH.TEST', lab.tickets]]) };
    both = { ...alone, members: new Map([...alone.members, ['bob@CRASH.TEST', bobs]]) };
  });
  afterAll(async () => {
    await lab?.stop();
    await Promise.all((sessions ?? []).map(session => session.stop()));
  });

  /** Kills `command` at each step; `states` is what may be found then, in the order in which it comes about. */
  async function survives(
    command: readonly string[],
    before: SealedCaches | undefined,
    states: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<readonly string[]> {
    const prepared = async (worker: number): Promise<Home> => {
      const home = lab.home('KEYCHAIN:', { ...sessions[worker]!.environment, ...environment });
      if (before !== undefined) await seal(home, before);
      return home;
    };
    const whole = await prepared(0);
    const steps = stepsOf(await whole.run(command, killPoint()));
    expect(await sealedHoldings(whole)).toBe(states.at(-1));
    const always = [
      'before symlinkSync 1',
      'before socket write 1',
      'before socket read 1',
      'before unlinkSync 1',
    ];
    expect(steps).toEqual(expect.arrayContaining(always));

    await atEachStep(steps, async (step, index, worker) => {
      const home = await prepared(worker);
      await wasKilled(await home.run(command, killPoint(step)), step);
      const found = await sealedHoldings(home);
      expect(states).toContain(found);
      expectNothingInTheClear(home);
      // After every other step the command is given again, and after the rest there is a logout at once.
      if (index % 2 === 1) {
        expect((await home.run(['klist', '-s'])).status).toBe(found === '' ? 1 : 0);
        const again = await home.run(command);
        const isDone = states.at(-1) === '' && found === '';
        if (!isDone) expect([again.status, again.stderr]).toEqual([0, '']);
        expect(await sealedHoldings(home)).toBe(states.at(-1));
      }
      await logout(home);
      expect([filesBelow(home.directory), await keyOf(home)]).toEqual([[], '']);
    });
    return steps;
  }

  async function logout(home: Home): Promise<void> {
    const { status, stderr } = await home.run(['krb5kit', 'logout', '-q']);
    expect([status, stderr]).toEqual([0, '']);
  }

  function expectNothingInTheClear({ directory }: Home): void {
    const tickets = lab.tickets.credentials.filter(credential => !isConfigEntry(credential));
    const secrets = tickets.flatMap(({ ticket, key }) => [
      Buffer.from(ticket.subarray(-32)),
      Buffer.from(key.keyvalue),
    ]);
    const names = ['alice', 'CRASH.TEST', 'krbtgt', 'example'].map(name => Buffer.from(name));
    for (const path of filesBelow(directory)) {
      const bytes = lstatSync(path).isSymbolicLink() ? Buffer.from(readlinkSync(path)) : readFileSync(path);
      expect([...names, ...secrets].filter(each => bytes.includes(each))).toEqual([]);
    }
  }

  it('the first kinit', PATIENTLY, () => survives(['kinit', 'alice'], undefined, ['', `*alice: ${TGT}`]));

  it('the first kinit, by keytar', PATIENTLY, async () => {
    const steps = await survives(['kinit', 'alice'], undefined, ['', `*alice: ${TGT}`], BY_KEYTAR);
    expect(steps).toEqual(expect.arrayContaining(IN_A_CHILD));
  });

  it('a further kinit', PATIENTLY, () =>
    survives(['kinit', 'alice'], alone, [`*${ALICE}`, `*alice: ${TGT}`]),
  );

  it('kvno', PATIENTLY, () =>
    survives(['kvno', 'host/wanted.example'], alone, [`*${ALICE}`, `*${ALICE} host/wanted.example`]),
  );

  it('kdestroy', PATIENTLY, () => survives(['kdestroy'], alone, [`*${ALICE}`, '']));

  it('kdestroy, by keytar', PATIENTLY, async () => {
    const steps = await survives(['kdestroy'], alone, [`*${ALICE}`, ''], BY_KEYTAR);
    expect(steps).toEqual(expect.arrayContaining(IN_A_CHILD));
  });

  it('logout', PATIENTLY, () => survives(['krb5kit', 'logout', '-q'], both, [`*${ALICE}, ${BOB}`, '']));
});

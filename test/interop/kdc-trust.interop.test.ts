import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { bytesToText } from '../../src/codec/text.ts';
import { expandTransited } from '../../src/config/realm-path.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { KU_TICKET } from '../../src/messages/numbers.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { toKey, unseal } from '../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { type OwnRealm, startOwnRealm } from '../support/own-realm.ts';
import { describePeer } from '../support/peers.ts';

const PASSWORD = 'between-realms';
const ENCTYPE = '-e aes256-cts-hmac-sha1-96:normal';
/** The reference implementation's A.TEST trusts our ONE.TEST, which trusts others; FOUR.TEST has the longest way. */
const CAPATHS = {
  'A.TEST': { 'TWO.TEST': ['ONE.TEST'] },
  'TWO.TEST': { 'A.TEST': ['ONE.TEST'] },
  'FOUR.TEST': {
    'SUB.FIVE.TEST': ['FIVE.TEST'],
    'ONE.TEST': ['FIVE.TEST', 'SUB.FIVE.TEST'],
    'A.TEST': ['FIVE.TEST', 'SUB.FIVE.TEST', 'ONE.TEST'],
  },
  'FIVE.TEST': { 'A.TEST': ['SUB.FIVE.TEST', 'ONE.TEST'] },
  'SUB.FIVE.TEST': { 'A.TEST': ['ONE.TEST'] },
};
const SECTION = `[capaths]
  A.TEST = {
    TWO.TEST = ONE.TEST
  }
  TWO.TEST = {
    A.TEST = ONE.TEST
  }
  FOUR.TEST = {
    A.TEST = FIVE.TEST
    A.TEST = SUB.FIVE.TEST
    A.TEST = ONE.TEST
  }
`;

let theirs: MitKdc;
let ours: OwnRealm;

describePeer('mit-kdc', () => describePeer('mit-client', suite));

function suite(): void {
  beforeAll(async () => {
    theirs = await startMitKdc({
      principals: [
        `addprinc -pw ${PASSWORD} ${ENCTYPE} krbtgt/ONE.TEST@A.TEST`,
        `addprinc -pw ${PASSWORD} ${ENCTYPE} krbtgt/A.TEST@ONE.TEST`,
        'addprinc -randkey host/www.a.test',
      ],
      sections: SECTION,
    });
    ours = await startOwnRealm({
      realm: 'ONE.TEST',
      users: [{ name: 'alice', password: 'alicepw' }],
      services: ['host/localhost'],
      trusts: [
        { realm: 'A.TEST', password: PASSWORD, kdc: `127.0.0.1:${theirs.port}` },
        { realm: 'TWO.TEST' },
      ],
      domainRealms: { '.a.test': 'A.TEST', '.two.test': 'TWO.TEST' },
      capaths: CAPATHS,
      realms: [
        {
          realm: 'TWO.TEST',
          users: [{ name: 'bob', password: 'bobpw', aliases: ['robert', 'bob@two.test'] }],
          services: ['host/localhost', 'host/www.two.test'],
          capaths: CAPATHS,
        },
        { realm: 'FIVE.TEST', capaths: CAPATHS },
        {
          realm: 'SUB.FIVE.TEST',
          capaths: CAPATHS,
          trusts: [{ realm: 'FIVE.TEST' }, { realm: 'ONE.TEST' }],
        },
        {
          realm: 'FOUR.TEST',
          users: [{ name: 'eve', password: 'evepw' }],
          capaths: CAPATHS,
          trusts: [{ realm: 'FIVE.TEST' }],
        },
      ],
      keys: ['host/localhost@ONE.TEST', 'host/localhost@TWO.TEST', 'host/www.two.test@TWO.TEST'],
    });
  });

  afterAll(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  async function as(user: string, password: string): Promise<void> {
    await ours.run('kdestroy -q');
    const { status, output } = await ours.run(`kinit ${user}`, `${password}\n`);
    expect([status, output]).toEqual([0, `Password for ${user}: \n`]);
  }

  /** The tickets that came after the first; of those on the way the reference implementation keeps the last. */
  const issued = async (): Promise<string[]> => {
    const { output } = await ours.run('klist');
    return [...output.matchAll(/\S+@\S+$/gm)].map(([name]) => name).slice(2);
  };

  /** The transited field of a ticket for a service of theirs. */
  async function transitedTo(service: string): Promise<string> {
    const { credentials } = CcacheFile.decode(readFileSync(join(ours.dir, 'cache')));
    const { ticket } = credentials.find(({ server }) => formatPrincipal(server) === service)!;
    const { encPart } = Ticket.decode(ticket);
    const { key } = (await resolveKeytab(theirs.keytab).entries()).find(
      entry => formatPrincipal(entry.principal) === service && entry.key.keytype === encPart.etype,
    )!;
    return bytesToText(unseal(EncTicketPart, encPart, toKey(key), KU_TICKET).transited.contents);
  }

  describe('kvno goes', () => {
    it('from our realm to theirs', async () => {
      await as('alice@ONE.TEST', 'alicepw');
      const { output } = await ours.run(`kvno -k ${theirs.keytab} host/localhost@A.TEST`);
      expect(output).toMatch(/entry valid\n$/);
      expect(await issued()).toEqual(['krbtgt/A.TEST@ONE.TEST', 'host/localhost@A.TEST']);
    });

    it('from their realm to ours', async () => {
      await as('alice@A.TEST', 'alicepw');
      expect((await ours.run('kvno -k keytab host/localhost@ONE.TEST')).output).toMatch(/entry valid\n$/);
      expect(await issued()).toEqual(['krbtgt/ONE.TEST@A.TEST', 'host/localhost@ONE.TEST']);
      // The way has been checked.
      expect((await ours.run('klist -f')).output).toMatch(/host\/localhost@ONE.TEST\n.*Flags: .*T/);
    });

    it('from their realm to our other one, through the first', async () => {
      await as('alice@A.TEST', 'alicepw');
      expect((await ours.run('kvno -k keytab host/localhost@TWO.TEST')).output).toMatch(/entry valid\n$/);
      expect(await issued()).toEqual(['krbtgt/TWO.TEST@ONE.TEST', 'host/localhost@TWO.TEST']);
    });

    it('from our other realm to theirs, through the first, which they find fit', async () => {
      await as('bob@TWO.TEST', 'bobpw');
      const { output } = await ours.run(`kvno -k ${theirs.keytab} host/localhost@A.TEST`);
      expect(output).toMatch(/entry valid\n$/);
      expect(await issued()).toEqual(['krbtgt/A.TEST@ONE.TEST', 'host/localhost@A.TEST']);
      expect((await ours.run('klist -f')).output).toMatch(/host\/localhost@A.TEST\n.*Flags: .*T/);
    });

    it('through three of ours to theirs, which understands what we say of the way', async () => {
      await as('eve@FOUR.TEST', 'evepw');
      const { output } = await ours.run(`kvno -k ${theirs.keytab} host/localhost@A.TEST`);
      expect(output).toMatch(/entry valid\n$/);
      expect((await ours.run('klist -f')).output).toMatch(/host\/localhost@A.TEST\n.*Flags: .*T/);
      const realms = expandTransited(await transitedTo('host/localhost@A.TEST'), 'FOUR.TEST', 'A.TEST');
      expect([...realms].sort()).toEqual(['FIVE.TEST', 'ONE.TEST', 'SUB.FIVE.TEST']);
    });

    it('where our KDC refers to, by the domain of the host', async () => {
      await as('alice@ONE.TEST', 'alicepw');
      expect((await ours.run('kvno -S host www.a.test')).status).toBe(0);
      expect(await issued()).toEqual(['host/www.a.test@A.TEST']);
      expect((await ours.run('kvno -S host www.two.test')).status).toBe(0);
      expect((await ours.run('kvno -S host www.three.test')).output).toContain(
        'not found in Kerberos database',
      );
    });
  });

  it('kinit is told in which realm a user is', async () => {
    await ours.run('kdestroy -q');
    expect((await ours.run('kinit -C -E bob@TWO.TEST', 'bobpw\n')).status).toBe(0);
    expect((await ours.run('klist')).output).toContain('Default principal: bob@TWO.TEST');
    expect((await ours.run('kinit -C -E bob@two.test', 'bobpw\n')).status).toBe(0);
    expect((await ours.run('klist')).output).toContain('Default principal: bob@TWO.TEST');
    expect((await ours.run('kinit -E bob@nowhere.test', 'bobpw\n')).output).toContain('not found');
  });

  it('kinit gets the true name with -C, and the one it was given without', async () => {
    await ours.run('kdestroy -q');
    expect((await ours.run('kinit -C robert@TWO.TEST', 'bobpw\n')).status).toBe(0);
    expect((await ours.run('klist')).output).toContain('Default principal: bob@TWO.TEST');
    expect((await ours.run('kinit robert@TWO.TEST', 'bobpw\n')).status).toBe(0);
    expect((await ours.run('klist')).output).toContain('Default principal: robert@TWO.TEST');
    expect((await ours.run('kvno -k keytab host/localhost@TWO.TEST')).output).toMatch(/entry valid\n$/);
  });

  describePeer('heimdal-client', () => {
    it('kgetcred goes there and back, too', async () => {
      const cache = `FILE:${ours.dir}/cache`;
      await as('alice@ONE.TEST', 'alicepw');
      expect(await ours.run(`/opt/heimdal/bin/kgetcred -c ${cache} host/localhost@A.TEST`)).toEqual({
        status: 0,
        output: '',
      });
      await as('alice@A.TEST', 'alicepw');
      expect(await ours.run(`/opt/heimdal/bin/kgetcred -c ${cache} host/localhost@TWO.TEST`)).toEqual({
        status: 0,
        output: '',
      });
      expect(await issued()).toContain('krbtgt/TWO.TEST@ONE.TEST');
    });
  });
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPac } from '../../src/ap/pac.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { KU_TICKET } from '../../src/messages/numbers.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { toKey, unseal } from '../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { runPeer } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';

const REALM = 'LAB.TEST';
const DOMAIN = { sid: 'S-1-5-21-1-2-3', name: 'LAB', server: 'KDC' };

/** A service within MIT's libgssapi, which verifies a ticket's PAC before it shows it. */
const ACCEPTOR = `
import json, gssapi
name = gssapi.Name('host@localhost', gssapi.NameType.hostbased_service)
initiator = gssapi.SecurityContext(name=name, mech=gssapi.MechType.kerberos, usage='initiate')
acceptor = gssapi.SecurityContext(creds=gssapi.Credentials(usage='accept'), usage='accept')
token = None
while not (initiator.complete and acceptor.complete):
    token = initiator.step(token)
    if token is not None: token = acceptor.step(token)
attributes = acceptor.initiator_name.attributes
print(json.dumps({name.decode(): {'authenticated': bool(attributes[name].authenticated), 'values': [value.hex() for value in attributes[name].values]} for name in attributes}))
`;

/** Samba's reading of a PAC. */
const UNPACK = `
import json, sys
from samba.dcerpc import krb5pac
from samba.ndr import ndr_unpack
pac = ndr_unpack(krb5pac.PAC_DATA, bytes.fromhex(sys.argv[1]))
told = {}
for buffer in pac.buffers:
    told[str(buffer.type)] = True
    if buffer.type == krb5pac.PAC_TYPE_LOGON_INFO:
        info = buffer.info.info.info3
        told['1'] = {'account': str(info.base.account_name), 'domain': str(info.base.logon_domain.string), 'server': str(info.base.logon_server.string), 'fullName': str(info.base.full_name),
          'sid': '%s-%d' % (info.base.domain_sid, info.base.rid), 'groups': [[group.rid, group.attributes] for group in info.base.groups.rids],
          'others': [str(sid.sid) for sid in info.sids], 'logon': info.base.logon_time, 'kickoff': info.base.kickoff_time}
    if buffer.type == krb5pac.PAC_TYPE_UPN_DNS_INFO:
        told['12'] = {'upn': buffer.info.upn_name, 'dns': buffer.info.dns_domain_name, 'flags': buffer.info.flags, 'sam': buffer.info.ex.samaccountname, 'sid': str(buffer.info.ex.objectsid)}
    if buffer.type == krb5pac.PAC_TYPE_LOGON_NAME:
        told['10'] = buffer.info.account_name
    if buffer.type == krb5pac.PAC_TYPE_ATTRIBUTES_INFO:
        told['17'] = [buffer.info.flags_length, buffer.info.flags]
    if buffer.type == krb5pac.PAC_TYPE_REQUESTER_SID:
        told['18'] = str(buffer.info.sid)
    if buffer.type == krb5pac.PAC_TYPE_CONSTRAINED_DELEGATION:
        info = buffer.info.info
        told['11'] = [str(info.proxy_target), [str(service) for service in info.transited_services]]
print(json.dumps(told))
`;

let folder: string;
let kdc: RunningKdc;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  kdc = await startKdc({
    realm: REALM,
    domain: DOMAIN,
    indicators: { encryptedTimestamp: ['password'], spake: ['password', 'spake'] },
    users: [
      {
        name: 'alice',
        password: 'wonderland',
        account: { rid: 1105, groups: [1200, 1201], fullName: 'Alice' },
      },
      { name: 'bob', password: 'builder' },
    ],
    services: [
      { name: 'host/localhost', account: { rid: 1106, primaryGroup: 515 } },
      { name: 'front/localhost', delegatesTo: ['host/localhost'], okToAuthAsDelegate: true },
      { name: 'safe/localhost', requiresIndicators: ['certificate'] },
    ],
  });
  writeFileSync(join(folder, 'krb5.conf'), kdc.krb5Conf());
  await resolveKeytab(join(folder, 'keytab')).add(
    kdc.keytab('host/localhost', 'front/localhost', `krbtgt/${REALM}`),
  );
});

afterEach(async () => {
  await kdc.close();
  rmSync(folder, { recursive: true });
});

const run = (words: readonly string[], input = '') =>
  runPeer(folder, words, { input, env: { KRB5_KTNAME: join(folder, 'keytab'), KRB5RCACHENAME: 'none:' } });

async function native(...words: string[]): Promise<void> {
  expect(await run(words, 'wonderland\n')).toMatchObject({ status: 0 });
}

async function python(script: string, ...args: string[]) {
  const { status, output } = await run(['/usr/bin/python3', '-c', script, ...args]);
  expect({ status, output }).toMatchObject({ status: 0 });
  return JSON.parse(output);
}

/** The PAC in the cache's last ticket for a service. */
async function pacFor(service: string): Promise<string> {
  const { credentials } = CcacheFile.decode(readFileSync(join(folder, 'cache')));
  const credential = credentials.findLast(({ server }) => formatPrincipal(server) === `${service}@${REALM}`)!;
  const { encPart } = Ticket.decode(credential.ticket);
  const entry = (await resolveKeytab(join(folder, 'keytab')).entries()).find(
    ({ principal, key }) =>
      formatPrincipal(principal) === `${service}@${REALM}` && key.keytype === encPart.etype,
  );
  const { authorizationData = [] } = unseal(EncTicketPart, encPart, toKey(entry!.key), KU_TICKET);
  return Buffer.from(findPac(authorizationData)!).toString('hex');
}

describePeer('python-gssapi', () =>
  describe('a service with MIT’s libraries', () => {
    it('verifies the PAC and the indicators, and shows both', async () => {
      await native('kinit', 'alice');
      const attributes = await python(ACCEPTOR);
      expect(attributes['urn:mspac:']).toMatchObject({ authenticated: true });
      expect(attributes['urn:mspac:'].values).toEqual([await pacFor('host/localhost')]);
      expect(attributes['urn:mspac:logon-info'].authenticated).toBe(true);
      const indicators = attributes['auth-indicators'];
      expect(indicators.authenticated).toBe(true);
      expect(indicators.values.map((hex: string) => Buffer.from(hex, 'hex').toString())).toEqual([
        'password',
        'spake',
      ]);
    });

    it('gets no PAC where the client wants none, nor ticket without the indicators it requires', async () => {
      await native('kinit', '--no-request-pac', 'alice');
      expect(await python(ACCEPTOR)).not.toHaveProperty('urn:mspac:');
      expect(await run(['kvno', 'safe/localhost'])).toMatchObject({
        status: 1,
        output: expect.stringMatching(/KDC policy rejects request/),
      });
    });
  }),
);

describePeer('samba', () =>
  describe('Samba', () => {
    it('reads who the client is, in tickets for services and in those for tickets', async () => {
      await native('kinit', 'alice');
      await native('kvno', 'host/localhost');
      const told = await python(UNPACK, await pacFor('host/localhost'));
      expect(told['1']).toEqual({
        account: 'alice',
        domain: 'LAB',
        server: 'KDC',
        fullName: 'Alice',
        sid: 'S-1-5-21-1-2-3-1105',
        groups: [
          [513, 7],
          [1200, 7],
          [1201, 7],
        ],
        others: ['S-1-18-1'],
        logon: expect.any(Number),
        kickoff: 2 ** 63,
      });
      expect(told['12']).toEqual({
        upn: 'alice@lab.test',
        dns: REALM,
        flags: 3,
        sam: 'alice',
        sid: 'S-1-5-21-1-2-3-1105',
      });
      expect(told['10']).toBe('alice');
      expect(Object.keys(told).sort()).toEqual(['1', '10', '12', '16', '19', '6', '7']);
      const own = await python(UNPACK, await pacFor(`krbtgt/${REALM}`));
      expect(own).toMatchObject({ '17': [2, 2], '18': 'S-1-5-21-1-2-3-1105' });
    });

    it('reads who has passed a ticket on', async () => {
      await native('kinit', '-f', '-k', 'front/localhost');
      await native('kvno', '-U', 'alice', '-P', 'host/localhost');
      const told = await python(UNPACK, await pacFor('host/localhost'));
      expect(told['10']).toBe('alice');
      expect(told['1']).toMatchObject({ account: 'alice', others: ['S-1-18-2'] });
      expect(told['11']).toEqual(['host/localhost', [`front/localhost@${REALM}`]]);
    });
  }),
);

import { expect } from 'vitest';
import { type Cell, succeeded } from './cell.ts';
import { type Feature, OTP_CODES } from './realm.ts';
import type { Row } from './row.ts';

const ENCTYPES: readonly [name: string, needs?: Feature][] = [
  ['aes256-cts-hmac-sha1-96'],
  ['aes128-cts-hmac-sha1-96'],
  ['aes256-cts-hmac-sha384-192', 'SHA-2'],
  ['aes128-cts-hmac-sha256-128', 'SHA-2'],
  ['camellia256-cts-cmac', 'camellia'],
  ['camellia128-cts-cmac', 'camellia'],
  ['arcfour-hmac'],
];

const PA_ENC_TIMESTAMP = 2;
const PA_PK_AS_REQ = 16;
const PA_ENCRYPTED_CHALLENGE = 138;
const PA_OTP_REQUEST = 141;
const PA_SPAKE = 151;

/** How users prove who they are. */
export const preauth: readonly Row[] = [
  ...ENCTYPES.map(
    ([enctype, needs]): Row => ({
      name: `password, ${enctype}`,
      needs,
      async run(cell) {
        cell.configure(`permitted_enctypes = ${enctype}`, 'allow_rc4 = true');
        const { principal, tickets } = await cell.login('alice');
        expect(principal).toBe(`alice@${cell.realm.name}`);
        expect(tickets).toMatchObject([{ sessionKey: enctype }]);
      },
    }),
  ),
  {
    name: 'password, salt not of the name',
    async run(cell) {
      expect((await cell.login('salted')).principal).toBe(`salted@${cell.realm.name}`);
    },
  },
  {
    name: 'keytab',
    async run(cell) {
      const { principal } = await cell.login(`-k -t ${cell.realm.keytab} alice`);
      expect(principal).toBe(`alice@${cell.realm.name}`);
    },
  },
  {
    name: 'no pre-authentication',
    needs: 'no pre-authentication',
    async run(cell) {
      await cell.login('nopreauth');
      expect(await cell.preauthType()).toBeUndefined();
    },
  },
  {
    name: 'encrypted timestamp',
    async run(cell) {
      cell.configure(`preferred_preauth_types = ${PA_ENC_TIMESTAMP}`);
      const { tickets } = await cell.login('alice');
      expect(tickets[0]!.flags).toContain('A');
      expect(await cell.preauthType()).toBe(PA_ENC_TIMESTAMP);
    },
  },
  ...['edwards25519', 'P-256', 'P-384', 'P-521'].map(
    (group): Row => ({
      name: `SPAKE, ${group}`,
      needs: 'SPAKE',
      async run(cell) {
        cell.configure(`spake_preauth_groups = ${group}`);
        await cell.login('alice');
        expect(await cell.preauthType()).toBe(PA_SPAKE);
        expect(cell.trace()).toContain(`SPAKE challenge received with group ${group}`);
      },
    }),
  ),
  {
    name: 'PKINIT, RSA',
    run: cell => usePkinit(cell, cell.realm.pki.identity),
  },
  {
    name: 'PKINIT, ECDSA on P-256',
    needs: 'ECDSA',
    run: cell => usePkinit(cell, cell.realm.pki.ecIdentity),
  },
  {
    name: 'PKINIT, Diffie-Hellman with 4096 bits',
    needs: 'group 16',
    run: cell => usePkinit(cell, cell.realm.pki.identity, 'pkinit_dh_min_bits = 4096'),
  },
  {
    name: 'anonymous PKINIT (kinit -n)',
    needs: 'anonymous',
    async run(cell) {
      cell.configure(`pkinit_anchors = ${cell.realm.pki.anchors}`);
      const { principal } = await cell.login('-n');
      expect(principal).toBe('WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS');
    },
  },
  {
    name: 'one-time password, within FAST',
    needs: 'OTP',
    async run(cell) {
      const armor = `${cell.path}.armor`;
      await cell.kinit(`-c ${armor} alice`);
      const [user, value] = tokenOf(cell, 0);
      succeeded(await cell.kinit(`-T ${armor} ${user}`, `${value}\n`));
      expect(await cell.preauthType()).toBe(PA_OTP_REQUEST);
    },
  },
  {
    name: 'one-time password, armored by itself',
    needs: 'OTP',
    async run(cell) {
      cell.configure(`pkinit_anchors = ${cell.realm.pki.anchors}`);
      const [user, value] = tokenOf(cell, 1);
      succeeded(await cell.kinit(user, `${value}\n`));
      expect(await cell.preauthType()).toBe(PA_OTP_REQUEST);
    },
  },
  {
    name: 'FAST, armored with an anonymous ticket',
    needs: 'anonymous',
    async run(cell) {
      const armor = `${cell.path}.armor`;
      cell.configure(
        `pkinit_anchors = ${cell.realm.pki.anchors}`,
        `preferred_preauth_types = ${PA_ENCRYPTED_CHALLENGE}`,
      );
      await cell.kinit(`-n -c ${armor}`);
      await cell.login(`-T ${armor} alice`);
      expect(await cell.preauthType()).toBe(PA_ENCRYPTED_CHALLENGE);
    },
  },
  {
    name: 'FAST, armored with a ticket (kinit -T): encrypted challenge',
    async run(cell) {
      const armor = `${cell.path}.armor`;
      cell.configure(`preferred_preauth_types = ${PA_ENCRYPTED_CHALLENGE}`);
      await cell.kinit(`-c ${armor} alice`);
      await cell.login(`-T ${armor} alice`);
      expect(await cell.preauthType()).toBe(PA_ENCRYPTED_CHALLENGE);
      expect(await cell.klist('-C')).toMatch(/config: fast_avail\(.*\) = yes/);
    },
  },
];

function tokenOf({ realm }: Cell, row: 0 | 1): readonly [user: string, value: string] {
  return realm.tokens?.[row]?.() ?? ['otpuser', OTP_CODES[row]];
}

async function usePkinit(cell: Cell, identity: string, ...settings: readonly string[]): Promise<void> {
  cell.configure(`pkinit_anchors = ${cell.realm.pki.anchors}`, ...settings);
  const { principal } = await cell.login(`-X X509_user_identity=${identity} alice`);
  expect(principal).toBe(`alice@${cell.realm.name}`);
  expect(await cell.preauthType()).toBe(PA_PK_AS_REQ);
}

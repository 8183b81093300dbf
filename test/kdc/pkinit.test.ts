import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKdc } from '../../src/kdc/kdc.ts';
import { createDatabase } from '../../src/kdc/memory-database.ts';
import { type KdcPkinitOptions, openPkinit } from '../../src/kdc/preauth/pkinit.ts';
import { AsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import { AuthPack, PaPkAsRep, PaPkAsReq, TdDhParameters } from '../../src/messages/pkinit.ts';
import { tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { MethodData, TypedData } from '../../src/messages/types.ts';
import { groupOf, groupsFrom } from '../../src/preauth/pkinit/groups.ts';
import { KDF_IDS } from '../../src/preauth/pkinit/kdf.ts';
import { ID_PKINIT_AUTH_DATA } from '../../src/preauth/pkinit/numbers.ts';
import { signData } from '../../src/preauth/pkinit/signed-data.ts';
import {
  alice,
  alicesCertificate,
  authority,
  identityOf,
  kdcCertificate,
  REALM,
} from '../client/pkinit-support.ts';

const NOW = new Date();
const group = groupsFrom('2048')[0]!;
const pair = group.generate();

function createRealm(options: Partial<KdcPkinitOptions> = {}, database = createRealmDatabase()) {
  const pkinit = openPkinit({
    identity: identityOf(kdcCertificate),
    anchors: [authority.certificate],
    ...options,
  });
  let now = NOW;
  const kdc = createKdc({ database, realm: REALM, mechanisms: [pkinit], now: () => now });
  return {
    ask: (request: Uint8Array): Uint8Array => kdc.handle(request)!,
    advance(seconds: number) {
      now = new Date(now.getTime() + seconds * 1000);
    },
  };
}

function createRealmDatabase() {
  const database = createDatabase();
  database.addRealm(REALM);
  database.add(alice, { password: 'wonderland' });
  return database;
}

let nonce = 1;
function bodyOf(): Uint8Array {
  return KdcReqBody.encode({
    kdcOptions: 0,
    cname: toPrincipalName(alice),
    realm: REALM,
    sname: toPrincipalName(tgsPrincipal(REALM)),
    till: new Date(NOW.getTime() + 3_600_000),
    nonce: nonce++,
    etype: [18],
  });
}

type Change = (pack: AuthPack) => AuthPack;

function request(change: Change = pack => pack, reqBody = bodyOf()): Uint8Array {
  const pack = AuthPack.encode(
    change({
      pkAuthenticator: {
        cusec: 0,
        ctime: NOW,
        nonce: 7,
        paChecksum: createHash('sha1').update(reqBody).digest(),
      },
      clientPublicValue: { algorithm: group.algorithm(), subjectPublicKey: pair.publicKey },
      supportedKdfs: [{ kdfId: KDF_IDS[0]! }],
    }),
  );
  const signedAuthPack = signData(ID_PKINIT_AUTH_DATA, pack, identityOf(alicesCertificate));
  return AsReq.encode({
    padata: [{ padataType: 16, padataValue: PaPkAsReq.encode({ signedAuthPack }) }],
    reqBody,
  });
}

const changed =
  (change: (authenticator: AuthPack['pkAuthenticator']) => Partial<AuthPack['pkAuthenticator']>): Change =>
  pack => ({ ...pack, pkAuthenticator: { ...pack.pkAuthenticator, ...change(pack.pkAuthenticator) } });

function errorOf(reply: Uint8Array): KrbError {
  expect(isKrbError(reply)).toBe(true);
  return KrbError.decode(reply);
}

function answerOf(reply: Uint8Array) {
  const { padata = [] } = AsRep.decode(reply);
  return PaPkAsRep.decode(padata.find(({ padataType }) => padataType === 17)!.padataValue).dhInfo!;
}

/** The freshness token that the KDC offers. */
function tokenOf({ ask }: ReturnType<typeof createRealm>): Uint8Array {
  const padata = [{ padataType: 150, padataValue: new Uint8Array(0) }];
  const { eData } = errorOf(ask(AsReq.encode({ padata, reqBody: bodyOf() })));
  return MethodData.decode(eData!).find(({ padataType }) => padataType === 150)!.padataValue;
}

describe('the KDC with PKINIT', () => {
  it('takes the best function that the client knows, and the old one of a client that knows none', () => {
    const { ask } = createRealm();
    expect(answerOf(ask(request())).kdf?.kdfId).toBe(KDF_IDS[0]);
    const others = KDF_IDS.toReversed().map(kdfId => ({ kdfId }));
    expect(answerOf(ask(request(pack => ({ ...pack, supportedKdfs: others })))).kdf?.kdfId).toBe(KDF_IDS[0]);
    expect(answerOf(ask(request(({ supportedKdfs: _, ...pack }) => pack))).kdf).toBeUndefined();
  });

  it.each([
    ['a time of ten minutes ago', 37, changed(() => ({ ctime: new Date(NOW.getTime() - 600_000) }))],
    ['no checksum', 79, changed(() => ({ paChecksum: undefined }))],
    ['the checksum of another request', 41, changed(() => ({ paChecksum: new Uint8Array(20) }))],
    [
      'a second checksum of another request',
      41,
      changed(() => ({
        paChecksum2: {
          checksum: new Uint8Array(32),
          algorithmIdentifier: { algorithm: '2.16.840.1.101.3.4.2.1' },
        },
      })),
    ],
    [
      'a second checksum of an unknown kind',
      41,
      changed(() => ({
        paChecksum2: {
          checksum: new Uint8Array(16),
          algorithmIdentifier: { algorithm: '1.2.840.113549.2.5' },
        },
      })),
    ],
    ['no public key', 81, ({ clientPublicValue: _, ...pack }) => pack],
    ['no function that is known', 100, pack => ({ ...pack, supportedKdfs: [{ kdfId: '1.2.3' }] })],
    [
      'a public key that is not of the group',
      24,
      pack => ({
        ...pack,
        clientPublicValue: { algorithm: group.algorithm(), subjectPublicKey: Uint8Array.of(2, 1, 1) },
      }),
    ],
  ] satisfies [string, number, Change][])('refuses %s', (_, errorCode, change) => {
    expect(errorOf(createRealm().ask(request(change)))).toMatchObject({ errorCode });
  });

  it('names its groups to a client that has another', () => {
    const { errorCode, eData } = errorOf(createRealm({ minGroup: 'P-384' }).ask(request()));
    expect(errorCode).toBe(65);
    const [{ dataType, dataValue } = { dataType: 0, dataValue: undefined }] = TypedData.decode(eData!);
    expect(dataType).toBe(109);
    const groups = TdDhParameters.decode(dataValue!).map(row => groupOf(row, groupsFrom('2048'))?.name);
    expect(groups).toEqual(['P-384', 'P-521']);
  });

  it('takes the freshness token of another KDC that has the same database, and after the realm has got new keys', () => {
    const database = createRealmDatabase();
    const freshnessToken = tokenOf(createRealm({}, database));
    const asked = () =>
      createRealm({ requireFreshness: true }, database).ask(request(changed(() => ({ freshnessToken }))));
    expect(answerOf(asked())).toBeDefined();
    database.addKeys(tgsPrincipal(REALM), { random: true });
    expect(answerOf(asked())).toBeDefined();
    database.addKeys(tgsPrincipal(REALM), { random: true }, { keep: 1 });
    expect(errorOf(asked()).errorCode).toBe(24);
  });

  it('takes its own freshness token for five minutes, and no other', () => {
    const realm = createRealm({ requireFreshness: true });
    const freshnessToken = tokenOf(realm);
    const withToken = (token: Uint8Array, now = NOW) =>
      request(changed(() => ({ freshnessToken: token, ctime: now })));
    expect(answerOf(realm.ask(withToken(freshnessToken)))).toBeDefined();
    expect(errorOf(realm.ask(request())).errorCode).toBe(24);
    for (const token of [new Uint8Array(0), new Uint8Array(40), tokenOf(createRealm())]) {
      expect(errorOf(realm.ask(withToken(token))).errorCode).toBe(24);
    }
    realm.advance(301);
    expect(errorOf(realm.ask(withToken(freshnessToken, new Date(NOW.getTime() + 301_000)))).errorCode).toBe(
      90,
    );
  });

  it('answers junk with an error', () => {
    const { ask } = createRealm();
    for (const padataValue of [
      new Uint8Array(0),
      Uint8Array.of(48, 0),
      PaPkAsReq.encode({ signedAuthPack: Uint8Array.of(48, 0) }),
    ]) {
      expect(
        errorOf(ask(AsReq.encode({ padata: [{ padataType: 16, padataValue }], reqBody: bodyOf() })))
          .errorCode,
      ).toBe(24);
    }
  });

  it('with any byte of a request changed gives no ticket for the signature', () => {
    const { ask } = createRealm();
    const reqBody = bodyOf();
    const good = AsReq.decode(request(undefined, reqBody)).padata![0]!.padataValue;
    for (let at = 0; at < good.length; at += 13) {
      const padataValue = Uint8Array.from(good);
      padataValue[at]! ^= 0x10;
      const reply = ask(AsReq.encode({ padata: [{ padataType: 16, padataValue }], reqBody }));
      // What is not signed, such as the certificates' place among others, may be changed.
      if (!isKrbError(reply)) expect(answerOf(reply).kdf?.kdfId).toBe(KDF_IDS[0]);
    }
  });
});

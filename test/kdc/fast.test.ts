import { beforeEach, describe, expect, it } from 'vitest';
import { memoryType } from '../../src/ccache/memory.ts';
import { getInitialCredential, type InitialOptions, type InitialResult } from '../../src/client/initial.ts';
import type { Secret } from '../../src/client/secret.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { createKdc, type Kdc } from '../../src/kdc/kdc.ts';
import { loadMechanisms } from '../../src/kdc/preauth/mechanisms.ts';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import { AD_IF_RELEVANT } from '../../src/messages/authorization.ts';
import {
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_PREAUTH_REQUIRED,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_SKEW,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
} from '../../src/messages/error-codes.ts';
import { KrbFastReq, PaFxFastRequest } from '../../src/messages/fast.ts';
import { INVALID, PRE_AUTHENT, VALIDATE } from '../../src/messages/flags.ts';
import { AsRep, TgsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody, TgsReq } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import {
  FX_FAST_ARMOR_AP_REQUEST,
  KU_AP_REQ_AUTHENTICATOR,
  KU_FAST_ENC,
  KU_FAST_REQ_CHKSUM,
  PA_ENC_TIMESTAMP,
  PA_ENCRYPTED_CHALLENGE,
  PA_ETYPE_INFO2,
  PA_FX_COOKIE,
  PA_FX_FAST,
  PA_SPAKE,
  PA_TGS_REQ,
} from '../../src/messages/numbers.ts';
import { seal, toEncryptionKey, toKey } from '../../src/messages/seal.ts';
import { AuthorizationData, MethodData } from '../../src/messages/types.ts';
import { FastArmor, implicitArmor } from '../../src/preauth/fast.ts';
import { ticketArmorKey } from '../../src/preauth/fast-keys.ts';
import {
  addPrincipal,
  bodyOf,
  createLab,
  forgedTicket,
  fromNow,
  type Granted,
  HOUR,
  type Lab,
  nameOf,
  principal,
  REALM,
  tgsRequest,
  tgtOf,
} from './support.ts';

const mechanisms = await loadMechanisms();

let lab: Lab;
let kdc: Kdc;
/** The ticket of a machine, which is the armor. */
let machine: Granted;

beforeEach(() => {
  lab = createLab();
  addPrincipal(lab, 'host/desk');
  kdc = createKdc({ database: lab.database, realm: REALM, now: lab.now, mechanisms });
  machine = tgtOf(lab, { cname: nameOf('host/desk') });
});

describe('our client within FAST', () => {
  it.each([
    ['an encrypted challenge', PA_ENCRYPTED_CHALLENGE],
    ['SPAKE', PA_SPAKE],
  ])('logs in by %s', async (_, type) => {
    const { credential, padataType, fastAvailable } = await login({ preferredPreauthTypes: [type] });
    expect([padataType, credential.flags & PRE_AUTHENT, fastAvailable]).toEqual([type, PRE_AUTHENT, true]);
  });

  it('logs in with a key of an enctype that is not the first', async () => {
    addPrincipal(lab, 'alice', {}, [17]);
    const secret = { keytab: lab.database.exportKeytabEntries(principal('alice')) };
    const { replyEtype } = await login({ preferredPreauthTypes: [PA_ENCRYPTED_CHALLENGE] }, secret);
    expect(replyEtype).toBe(17);
  });

  it('is told of a wrong key', async () => {
    addPrincipal(lab, 'other');
    const keytab = lab.database
      .exportKeytabEntries(principal('other'))
      .map(entry => ({ ...entry, principal: principal('alice') }));
    const answer = login({ preferredPreauthTypes: [PA_ENCRYPTED_CHALLENGE] }, { keytab });
    await expect(answer).rejects.toMatchObject({
      code: 'PREAUTH_FAILED',
      cause: { errorCode: KDC_ERR_PREAUTH_FAILED },
    });
  });

  it('stays unnamed in replies and errors where it wants to', async () => {
    const replies: Uint8Array[] = [];
    const { credential } = await login({ hideClientNames: true }, keysOfAlice(), reply =>
      replies.push(reply),
    );
    expect(credential.client).toEqual(principal('alice'));
    for (const reply of replies) {
      const { cname, crealm } = isKrbError(reply) ? KrbError.decode(reply) : AsRep.decode(reply);
      expect([cname!.nameString, crealm]).toEqual([['WELLKNOWN', 'ANONYMOUS'], 'WELLKNOWN:ANONYMOUS']);
      expect(Buffer.from(reply).includes('alice')).toBe(false);
    }
  });

  it('gets service tickets, and errors, within FAST', async () => {
    const { credential } = await login();
    const replies: Uint8Array[] = [];
    const transport = async (_: string, request: Uint8Array): Promise<Uint8Array> => {
      const reply = kdc.handle(request)!;
      replies.push(reply);
      return reply;
    };
    const ask = (name: string) =>
      exchangeTgs(credential, principal(name), { kdcOptions: 0, fast: true }, { transport, now: lab.now });
    expect((await ask('host/server')).server).toEqual(principal('host/server'));
    await expect(ask('no/such')).rejects.toMatchObject({ errorCode: KDC_ERR_S_PRINCIPAL_UNKNOWN });
    const [ticket, error] = replies;
    const outside = [TgsRep.decode(ticket!).padata!, MethodData.decode(KrbError.decode(error!).eData!)];
    for (const padata of outside) expect(padata.map(({ padataType }) => padataType)).toEqual([PA_FX_FAST]);
  });
});

describe('the offers', () => {
  it('within FAST have the challenge and a cookie, and no timestamp', () => {
    const { error } = armored();
    expect(error!.errorCode).toBe(KDC_ERR_PREAUTH_REQUIRED);
    expect(MethodData.decode(error!.eData!).map(({ padataType }) => padataType)).toEqual([
      PA_ETYPE_INFO2,
      PA_FX_FAST,
      PA_SPAKE,
      PA_ENCRYPTED_CHALLENGE,
      PA_FX_COOKIE,
    ]);
  });

  it('outside have FAST, and no challenge', () => {
    const reqBody = KdcReqBody.encode(bodyOf(lab));
    const error = KrbError.decode(kdc.handle(AsReq.encode({ reqBody }))!);
    const types = MethodData.decode(error.eData!).map(({ padataType }) => padataType);
    expect(types).toContain(PA_FX_FAST);
    expect(types).toContain(PA_ENC_TIMESTAMP);
    expect(types).not.toContain(PA_ENCRYPTED_CHALLENGE);
  });
});

describe('the outer request', () => {
  it('may say nothing, as that of Heimdal does', () => {
    const bound = KdcReqBody.encode({ kdcOptions: 0, realm: '', till: new Date(0), nonce: 0, etype: [] });
    expect(armored({ bound }).error!.errorCode).toBe(KDC_ERR_PREAUTH_REQUIRED);
  });
});

describe('a request within FAST is refused', () => {
  it('for another realm than that of its armor', () => {
    lab.database.addRealm('OTHER.TEST', {});
    expect(armored({ innerRealm: 'OTHER.TEST' }).error!.eText).toBe('ARMOR_TICKET_NOT_A_TGT');
  });

  it('without an armor', () => {
    expect(codeOf({ armor: undefined })).toBe(KDC_ERR_PREAUTH_FAILED);
  });

  it('with an armor of another type', () => {
    expect(codeOf({ armorType: 2 })).toBe(KDC_ERR_PREAUTH_FAILED);
  });

  it('with an armor ticket that has expired', () => {
    lab.advance(25 * HOUR);
    expect(codeOf({})).toBe(KRB_AP_ERR_TKT_EXPIRED);
  });

  it('with an armor ticket that has yet to be validated', () => {
    const ticketBytes = forgedTicket(lab, machine, { flags: machine.ticket.flags | INVALID });
    expect(codeOf({ ticket: { ...machine, ticketBytes } })).toBe(KRB_AP_ERR_TKT_NYV);
  });

  it('with a ticket for a service as its armor', () => {
    const ticket = tgtOf(lab, { sname: nameOf('host/server') });
    expect(armored({ ticket }).outside).toMatchObject({ eText: 'ARMOR_TICKET_NOT_A_TGT' });
  });

  it('with an authenticator that is too old', () => {
    expect(codeOf({ presentedAt: -HOUR })).toBe(KRB_AP_ERR_SKEW);
  });

  it('without a subkey in the authenticator', () => {
    expect(codeOf({ withoutSubkey: true })).toBe(KDC_ERR_PREAUTH_FAILED);
  });

  it('in another armor key than that of its armor', () => {
    expect(codeOf({ armorKey: randomKey(18) })).toBe(KRB_AP_ERR_MODIFIED);
  });

  it('around another outer request', () => {
    const outer = KdcReqBody.encode(bodyOf(lab, { cname: nameOf('mallory') }));
    expect(codeOf({ outer })).toBe(KRB_AP_ERR_MODIFIED);
  });

  it('with a critical option that is not known, and told so in the armor', () => {
    const { error } = armored({ fastOptions: 0x20000000 });
    expect(error!.errorCode).toBe(KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS);
  });

  it('not for an option that is not critical', () => {
    expect(armored({ fastOptions: 0x00008000 }).error!.errorCode).toBe(KDC_ERR_PREAUTH_REQUIRED);
  });

  it('for a challenge outside FAST', () => {
    const reqBody = KdcReqBody.encode(bodyOf(lab));
    const padata = [{ padataType: PA_ENCRYPTED_CHALLENGE, padataValue: Uint8Array.of(0x30, 0) }];
    const error = KrbError.decode(kdc.handle(AsReq.encode({ padata, reqBody }))!);
    expect(error.errorCode).toBe(KDC_ERR_PREAUTH_FAILED);
  });
});

describe('a TGS-REQ within FAST', () => {
  it('is what the armor holds, and not what is outside', () => {
    const invalid = forgedTicket(lab, machine, {
      flags: machine.ticket.flags | INVALID,
      starttime: lab.now(),
    });
    const outer = { sname: nameOf(`krbtgt/${REALM}`), kdcOptions: VALIDATE };
    const subkey = randomKey(18);
    const request = tgsRequest(lab, machine, outer, { ticket: invalid, subkey });
    const { padata, reqBody } = TgsReq.decode(request);
    const armor = implicitArmor(subkey, toKey(machine.part.key));
    const inner = KdcReqBody.encode(bodyOf(lab, { cname: undefined, sname: nameOf('host/server') }));
    const sealed = armor.seal({ padata: [], reqBody: inner }, padata![0]!.padataValue);
    const reply = kdc.handle(TgsReq.encode({ padata: [...padata!, ...sealed], reqBody }))!;
    expect(KrbError.decode(reply).errorCode).toBe(KRB_AP_ERR_TKT_NYV);
  });

  it.each([
    ['a subkey', {}],
    ['an armor of its own', { subkey: randomKey(18) }],
  ])('is refused for the want, or the presence, of %s', (_, { subkey }: { subkey?: Key }) => {
    const request = tgsRequest(lab, machine, {}, { subkey });
    const { padata, reqBody } = TgsReq.decode(request);
    const armorValue = padata!.find(({ padataType }) => padataType === PA_TGS_REQ)!.padataValue;
    const key = ticketArmorKey(subkey ?? randomKey(18), toKey(machine.part.key));
    const explicit = new FastArmor(key, { armor: { armorType: FX_FAST_ARMOR_AP_REQUEST, armorValue } });
    const sealed = (subkey === undefined ? new FastArmor(key) : explicit).seal(
      { padata: [], reqBody },
      armorValue,
    );
    const reply = kdc.handle(TgsReq.encode({ padata: [...padata!, ...sealed], reqBody }))!;
    expect(KrbError.decode(reply).errorCode).toBe(KDC_ERR_PREAUTH_FAILED);
  });

  it('is refused with what was made to be an armor alone', () => {
    const authorizationData = [{ adType: 71, adData: new Uint8Array(0) }];
    const byAuthenticator = tgsRequest(lab, machine, {}, { authenticator: { authorizationData } });
    const ticket = forgedTicket(lab, machine, { authorizationData });
    const byTicket = tgsRequest(lab, machine, {}, { ticket });
    const within = (data: AuthorizationData): AuthorizationData => [
      { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode(data) },
    ];
    const inContainer = tgsRequest(
      lab,
      machine,
      {},
      {
        authenticator: { authorizationData: within(within(authorizationData)) },
      },
    );
    for (const request of [byAuthenticator, byTicket, inContainer]) {
      expect(KrbError.decode(kdc.handle(request)!).eText).toBe('ARMOR_ONLY');
    }
  });

  it('is refused with bits of the armor changed', () => {
    const subkey = randomKey(18);
    const { padata, reqBody } = TgsReq.decode(tgsRequest(lab, machine, {}, { subkey }));
    const armor = implicitArmor(subkey, toKey(machine.part.key));
    const [sealed] = armor.seal({ padata: [], reqBody }, padata![0]!.padataValue);
    const padataValue = Uint8Array.from(sealed!.padataValue);
    padataValue[padataValue.length - 1]! ^= 1;
    const reply = kdc.handle(TgsReq.encode({ padata: [...padata!, { ...sealed!, padataValue }], reqBody }))!;
    expect(KrbError.decode(reply).errorCode).toBe(KRB_AP_ERR_BAD_INTEGRITY);
  });
});

function keysOfAlice(): Secret {
  return { keytab: lab.database.exportKeytabEntries(principal('alice')) };
}

let caches = 0;

/** Logs alice in by our own client, in the armor of the machine's ticket. */
async function login(
  { hideClientNames, ...options }: Partial<InitialOptions> & { hideClientNames?: boolean } = {},
  secret = keysOfAlice(),
  seen: (reply: Uint8Array) => void = () => undefined,
): Promise<InitialResult> {
  const transport = async (_: string, request: Uint8Array): Promise<Uint8Array> => {
    const reply = kdc.handle(request)!;
    seen(reply);
    return reply;
  };
  const cache = memoryType.resolve(`kdc-fast-${caches++}`, {
    dataDirectory: '/nonexistent',
    keychain: () => Promise.reject(new Error('no keychain here')),
  });
  const keytab = lab.database.exportKeytabEntries(principal('host/desk'));
  const own = { transport, now: lab.now, enctypes: [18, 17] };
  const { credential } = await getInitialCredential(
    principal('host/desk'),
    { keytab },
    { ...own, transport: lab.transport },
  );
  await cache.initialize({ principal: credential.client, credentials: [credential] });
  const armor = { cache, hideClientNames };
  return getInitialCredential(principal('alice'), secret, { ...own, armor, ...options });
}

interface Deviations {
  readonly ticket?: Granted;
  readonly armor?: undefined;
  readonly armorType?: number;
  readonly armorKey?: Key;
  readonly withoutSubkey?: boolean;
  /** Seconds from now. */
  readonly presentedAt?: number;
  /** The outer body as it is sent, another than the one that the checksum is of. */
  readonly outer?: Uint8Array;
  /** The outer body, checksum and all. */
  readonly bound?: Uint8Array;
  readonly innerRealm?: string;
  readonly fastOptions?: number;
}

/** What an AS-REQ of alice's in the machine's armor gets: the error outside, and the one within if there is one. */
function armored(deviations: Deviations = {}): { outside: KrbError; error: KrbError | undefined } {
  const ticket = deviations.ticket ?? machine;
  const sessionKey = toKey(ticket.part.key);
  const subkey = randomKey(18);
  const key = deviations.armorKey ?? ticketArmorKey(subkey, sessionKey);
  const armor =
    'armor' in deviations
      ? undefined
      : {
          armorType: deviations.armorType ?? FX_FAST_ARMOR_AP_REQUEST,
          armorValue: present(ticket, { sessionKey, subkey, deviations }),
        };
  const body = bodyOf(lab, { realm: deviations.innerRealm ?? REALM });
  const reqBody = KdcReqBody.encode(body);
  const bound = deviations.bound ?? reqBody;
  const inner = { fastOptions: deviations.fastOptions ?? 0, padata: [], reqBody };
  const padataValue = PaFxFastRequest.encode({
    armoredData: {
      armor,
      reqChecksum: makeChecksum(key, KU_FAST_REQ_CHKSUM, bound),
      encFastReq: seal(KrbFastReq, inner, key, KU_FAST_ENC),
    },
  });
  const padata = [{ padataType: PA_FX_FAST, padataValue }];
  const reply = kdc.handle(AsReq.encode({ padata, reqBody: deviations.outer ?? bound }))!;
  const outside = KrbError.decode(reply);
  if (outside.eData === undefined) return { outside, error: undefined };
  return { outside, error: new FastArmor(key, { armor: armor! }).openError(outside, body.nonce) };
}

/** The number of the error that an AS-REQ gets that has no armor to tell it in, or should not have been opened. */
function codeOf(deviations: Deviations): number {
  const { outside, error } = armored(deviations);
  expect(error).toBeUndefined();
  return outside.errorCode;
}

interface Presentation {
  readonly sessionKey: Key;
  readonly subkey: Key;
  readonly deviations: Deviations;
}

function present(ticket: Granted, { sessionKey, subkey, deviations }: Presentation): Uint8Array {
  const authenticator = {
    crealm: ticket.ticket.crealm,
    cname: ticket.ticket.cname,
    cusec: 0,
    ctime: fromNow(lab, deviations.presentedAt ?? 0),
    subkey: deviations.withoutSubkey ? undefined : toEncryptionKey(subkey),
  };
  return ApReq.encode({
    apOptions: 0,
    ticket: ticket.ticketBytes,
    authenticator: seal(Authenticator, authenticator, sessionKey, KU_AP_REQ_AUTHENTICATOR),
  });
}

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { getInitialCredential, type InitialOptions } from '../../src/client/initial.ts';
import type { Secret } from '../../src/client/secret.ts';
import { createKdc, type Kdc } from '../../src/kdc/kdc.ts';
import { loadMechanisms } from '../../src/kdc/preauth/mechanisms.ts';
import { openSpake } from '../../src/kdc/preauth/spake.ts';
import {
  KDC_ERR_MORE_PREAUTH_DATA_REQUIRED,
  KDC_ERR_PREAUTH_EXPIRED,
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_PREAUTH_REQUIRED,
} from '../../src/messages/error-codes.ts';
import { PRE_AUTHENT } from '../../src/messages/flags.ts';
import { AsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import {
  PA_ENC_TIMESTAMP,
  PA_ETYPE_INFO2,
  PA_FX_COOKIE,
  PA_FX_FAST,
  PA_SPAKE,
} from '../../src/messages/numbers.ts';
import { PaSpake, SF_NONE } from '../../src/messages/spake.ts';
import { MethodData, type PaData } from '../../src/messages/types.ts';
import { addPrincipal, asRequest, createLab, type Lab, principal, REALM, timestamp } from './support.ts';

const mechanisms = await loadMechanisms();

let lab: Lab;
let kdc: Kdc;
let log: string[];

beforeEach(() => {
  lab = createLab();
  log = [];
  kdc = newKdc();
});

/** A KDC of the lab's realm with every mechanism. */
function newKdc(offered = mechanisms): Kdc {
  return createKdc({
    database: lab.database,
    realm: REALM,
    now: lab.now,
    mechanisms: offered,
    log: line => log.push(line),
  });
}

/** What is done to each request on its way. */
type Tamper = (request: Uint8Array, round: number) => Uint8Array;

/** Logs alice in by our own client, with her key or another secret. */
function login(
  options: Partial<InitialOptions> = {},
  { tamper = request => request, secret = keysOf('alice') }: { tamper?: Tamper; secret?: Secret } = {},
) {
  let round = 0;
  return getInitialCredential(principal('alice'), secret, {
    transport: async (_, request) => kdc.handle(tamper(request, round++))!,
    now: lab.now,
    enctypes: [18, 17],
    ...options,
  });
}

function keysOf(name: string): Secret {
  return { keytab: lab.database.exportKeytabEntries(principal(name)) };
}

/** The third request is the one with the response. */
const RESPONSE = 2;

function inResponse(change: (padata: readonly PaData[]) => readonly PaData[]): Tamper {
  return (request, round) => {
    if (round !== RESPONSE) return request;
    const { padata, reqBody } = AsReq.decode(request);
    return AsReq.encode({ padata: change(padata!), reqBody });
  };
}

const without = (type: number) => (padata: readonly PaData[]) =>
  padata.filter(({ padataType }) => padataType !== type);
const withValue = (type: number, value: (old: Uint8Array) => Uint8Array) => (padata: readonly PaData[]) =>
  padata.map(data => (data.padataType === type ? { ...data, padataValue: value(data.padataValue) } : data));

const spakeOf = (message: PaSpake): PaData => ({
  padataType: PA_SPAKE,
  padataValue: PaSpake.encode(message),
});

function refusal(padata: readonly PaData[], overrides: Partial<KdcReqBody> = {}): KrbError {
  const reply = kdc.handle(asRequest(lab, overrides, padata))!;
  if (!isKrbError(reply)) throw new Error('the request was not refused');
  return KrbError.decode(reply);
}

function offersOf({ eData }: KrbError): readonly number[] {
  return MethodData.decode(eData!).map(({ padataType }) => padataType);
}

const passwordIncorrect = expect.objectContaining({
  code: 'PREAUTH_FAILED',
  cause: expect.objectContaining({ errorCode: KDC_ERR_PREAUTH_FAILED }),
});

describe('the embedded KDC', () => {
  it('offers SPAKE and then the encrypted timestamp', () => {
    const error = refusal([]);
    expect(error.errorCode).toBe(KDC_ERR_PREAUTH_REQUIRED);
    expect(offersOf(error)).toEqual([PA_ETYPE_INFO2, PA_FX_FAST, PA_SPAKE, PA_ENC_TIMESTAMP]);
  });

  it('still takes an encrypted timestamp', () => {
    const reply = kdc.handle(asRequest(lab, {}, [timestamp(lab)]))!;
    expect(isKrbError(reply)).toBe(false);
  });

  it.each([
    ['edwards25519', 1],
    ['P-256', 2],
    ['P-384', 3],
    ['P-521', 4],
  ])('lets the client in by %s', async (name, number) => {
    kdc = newKdc(await loadMechanisms({ spakeGroups: [name] }));
    let challenge: PaSpake | undefined;
    const carry = kdc.handle;
    kdc = {
      ...kdc,
      handle(request) {
        const reply = carry(request)!;
        if (isKrbError(reply)) challenge = challengeIn(KrbError.decode(reply)) ?? challenge;
        else expect(AsRep.decode(reply).encPart.kvno).toBeUndefined();
        return reply;
      },
    };
    const { credential, padataType } = await login({ spakeGroups: [name] });
    expect(padataType).toBe(PA_SPAKE);
    expect(credential.flags & PRE_AUTHENT).not.toBe(0);
    expect(challenge?.challenge).toMatchObject({ group: number, factors: [{ type: SF_NONE }] });
    expect(log.map(line => /in-process: (\w+)/.exec(line)![1])).toEqual([
      'NEEDED_PREAUTH',
      'NEEDED_PREAUTH',
      'ISSUE',
    ]);
  });

  it('lets the client choose among the groups that cost little', () => {
    const groups = [-7, 99, 4, 3, 2, 1];
    const error = refusal([spakeOf({ support: { groups } })]);
    expect(error.errorCode).toBe(KDC_ERR_MORE_PREAUTH_DATA_REQUIRED);
    expect(offersOf(error)).toEqual([PA_ETYPE_INFO2, PA_SPAKE, PA_FX_COOKIE]);
    expect(challengeIn(error)?.challenge?.group).toBe(2);
  });

  it('takes one response to a challenge', async () => {
    let sent: Uint8Array | undefined;
    const tamper: Tamper = (request, round) => {
      if (round === RESPONSE) sent = request;
      return request;
    };
    await login({}, { tamper });
    const { padata, reqBody } = AsReq.decode(sent!);
    // In other octets, so that it is not answered as before.
    const again = [...padata!, { padataType: 9999, padataValue: new Uint8Array(0) }];
    expect(refusal(again, KdcReqBody.decode(reqBody)).errorCode).toBe(KDC_ERR_PREAUTH_FAILED);
  });

  it('makes a challenge of its own for every request', () => {
    const support = spakeOf({ support: { groups: [1] } });
    const [one, two] = [refusal([support]), refusal([support])].map(challengeIn);
    expect(one).not.toEqual(two);
  });

  it('keeps nothing: another KDC of the realm takes the response', async () => {
    const tamper: Tamper = request => {
      kdc = newKdc();
      return request;
    };
    expect((await login({}, { tamper })).padataType).toBe(PA_SPAKE);
  });

  it('keeps nothing of a password that was changed', async () => {
    const old = keysOf('alice');
    await login();
    lab.database.addKeys(principal('alice'), { password: 'another' });
    expect((await login()).padataType).toBe(PA_SPAKE);
    await expect(login({}, { secret: old })).rejects.toEqual(passwordIncorrect);
  });

  it('opens a cookie after the realm has got a new key', async () => {
    const tamper: Tamper = (request, round) => {
      if (round === RESPONSE) lab.database.addKeys(principal(`krbtgt/${REALM}`), { random: true });
      return request;
    };
    expect((await login({}, { tamper })).padataType).toBe(PA_SPAKE);
  });
});

describe('the embedded KDC refuses', () => {
  it('another password', async () => {
    addPrincipal(lab, 'bob');
    const { keytab } = keysOf('bob') as { keytab: ReturnType<Lab['database']['exportKeytabEntries']> };
    const secret = { keytab: keytab.map(entry => ({ ...entry, principal: principal('alice') })) };
    await expect(login({}, { secret })).rejects.toEqual(passwordIncorrect);
    expect(log.at(-1)).toContain('PREAUTH_FAILED: alice@LAB.TEST');
  });

  it.each([
    ['no cookie', without(PA_FX_COOKIE)],
    ['junk for a cookie', withValue(PA_FX_COOKIE, () => Uint8Array.of(1, 2, 3))],
    ['an empty cookie', withValue(PA_FX_COOKIE, () => new Uint8Array(0))],
    ['a cookie that was altered', withValue(PA_FX_COOKIE, flipLast)],
    ['a response that was altered', withValue(PA_SPAKE, flipLast)],
    ['junk for a response', withValue(PA_SPAKE, () => Uint8Array.of(1, 2, 3))],
  ])('a response with %s', async (_, change) => {
    await expect(login({}, { tamper: inResponse(change) })).rejects.toEqual(passwordIncorrect);
  });

  it('a public key that is none', async () => {
    const spoil = (value: Uint8Array): Uint8Array => {
      const { response } = PaSpake.decode(value);
      return PaSpake.encode({ response: { ...response!, pubkey: new Uint8Array(32).fill(0xff) } });
    };
    const tamper = inResponse(withValue(PA_SPAKE, spoil));
    await expect(login({}, { tamper })).rejects.toEqual(passwordIncorrect);
  });

  it('a response to another challenge', async () => {
    const other = MethodData.decode(refusal([spakeOf({ support: { groups: [1] } })]).eData!);
    const cookie = other.find(({ padataType }) => padataType === PA_FX_COOKIE)!;
    const tamper = inResponse(withValue(PA_FX_COOKIE, () => cookie.padataValue));
    await expect(login({}, { tamper })).rejects.toEqual(passwordIncorrect);
  });

  it("another client's cookie", async () => {
    const { keys } = lab.database.find(['alice'], REALM)!;
    const same = [18, 17].map(etype => keys[0]!.key(etype)!);
    lab.database.add(principal('twin'), { keys: same });
    const tamper: Tamper = (request, round) => {
      if (round === RESPONSE) return request;
      const { padata, reqBody } = AsReq.decode(request);
      const body = { ...KdcReqBody.decode(reqBody), cname: { nameType: 1, nameString: ['twin'] } };
      return AsReq.encode({ padata, reqBody: KdcReqBody.encode(body) });
    };
    await expect(login({}, { tamper })).rejects.toEqual(passwordIncorrect);
  });

  it('a request that is not the one the response was made for', async () => {
    const tamper: Tamper = (request, round) => {
      if (round !== RESPONSE) return request;
      const { padata, reqBody } = AsReq.decode(request);
      const body = { ...KdcReqBody.decode(reqBody), addresses: [] };
      return AsReq.encode({ padata, reqBody: KdcReqBody.encode(body) });
    };
    await expect(login({}, { tamper })).rejects.toEqual(passwordIncorrect);
  });

  it('a response that took more than ten minutes, so that the client begins anew', async () => {
    const errors: number[] = [];
    const carry = kdc.handle;
    kdc = {
      ...kdc,
      handle(request) {
        const reply = carry(request)!;
        if (isKrbError(reply)) errors.push(KrbError.decode(reply).errorCode);
        return reply;
      },
    };
    const tamper: Tamper = (request, round) => {
      if (round === RESPONSE) lab.advance(601);
      return request;
    };
    expect((await login({}, { tamper })).padataType).toBe(PA_SPAKE);
    const once = [KDC_ERR_PREAUTH_REQUIRED, KDC_ERR_MORE_PREAUTH_DATA_REQUIRED];
    expect(errors).toEqual([...once, KDC_ERR_PREAUTH_EXPIRED, ...once]);
  });

  it.each<[string, PaSpake]>([
    ['support for groups nobody knows', { support: { groups: [0, 77] } }],
    ['support for no group', { support: { groups: [] } }],
    ['a challenge', { challenge: { group: 1, pubkey: new Uint8Array(32), factors: [{ type: SF_NONE }] } }],
    ['more data, which no factor here has', { encdata: { etype: 18, cipher: new Uint8Array(40) } }],
  ])('%s', (_, message) => {
    const error = refusal([spakeOf(message)]);
    expect(error.errorCode).toBe(KDC_ERR_PREAUTH_FAILED);
    expect(offersOf(error)).toContain(PA_SPAKE);
  });
});

it('answers junk in a response or a cookie with an error, and never fails itself', async () => {
  let response: readonly PaData[] = [];
  let body: KdcReqBody | undefined;
  const tamper: Tamper = (request, round) => {
    const { padata, reqBody } = AsReq.decode(request);
    if (round === RESPONSE) [response, body] = [padata!, KdcReqBody.decode(reqBody)];
    return request;
  };
  await login({}, { tamper });
  const spoiled = fc
    .record({
      type: fc.constantFrom(PA_SPAKE, PA_FX_COOKIE),
      at: fc.nat(200),
      flip: fc.integer({ min: 1, max: 255 }),
    })
    .map(({ type, at, flip }) =>
      withValue(type, old => old.map((byte, i) => (i === at % old.length ? byte ^ flip : byte)))(response),
    );
  const junk = fc
    .record({ type: fc.constantFrom(PA_SPAKE, PA_FX_COOKIE), value: fc.uint8Array({ maxLength: 100 }) })
    .map(({ type, value }) => withValue(type, () => value)(response));
  fc.assert(
    fc.property(fc.oneof(spoiled, junk), padata => {
      // One that has not yet seen a response to the challenge.
      kdc = newKdc([openSpake()]);
      refusal(padata, body);
      expect(log.at(-1)).not.toContain('INTERNAL_ERROR');
    }),
    { numRuns: 200 },
  );
});

function challengeIn(error: KrbError): PaSpake | undefined {
  const spake = MethodData.decode(error.eData!).find(({ padataType }) => padataType === PA_SPAKE);
  return spake === undefined || spake.padataValue.length === 0
    ? undefined
    : PaSpake.decode(spake.padataValue);
}

function flipLast(value: Uint8Array): Uint8Array {
  return value.map((byte, i) => (i === value.length - 1 ? byte ^ 1 : byte));
}

import { describe, expect, it } from 'vitest';
import { changePassword, type PasswordOutcome } from '../../src/ap/change-password.ts';
import { sealPriv } from '../../src/ap/priv.ts';
import { textToBytes } from '../../src/codec/text.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../../src/messages/ap.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { KU_AP_REP, KU_AP_REQ_AUTHENTICATOR } from '../../src/messages/numbers.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { seal, toKey, unseal } from '../../src/messages/seal.ts';
import { alice, NOW } from '../support/scripted-kdc.ts';
import { ticketFor } from './s4u-support.ts';

const sessionKey = randomKey(18);
const credential = ticketFor(parsePrincipal('kadmin/changepw@A.TEST'), sessionKey, alice);
const sAddress = { addrType: 2, address: new Uint8Array(4) };
const CHANGED = { status: 'changed', soft: false, result: 'Success', text: '' };

type Spoil = (reply: Buffer, request: Buffer) => Uint8Array;

/** Changes the password at a server which says that it did, in a reply that somebody changes. */
function change(spoil: Spoil = reply => reply): Promise<PasswordOutcome> {
  return changePassword(credential, 'new', {
    now: () => NOW,
    transport: async (_, request) => spoil(honest(Buffer.from(request)), Buffer.from(request)),
  });
}

function honest(request: Buffer): Buffer {
  const { authenticator } = ApReq.decode(request.subarray(6, 6 + request.readUInt16BE(4)));
  const said = unseal(Authenticator, authenticator, sessionKey, KU_AP_REQ_AUTHENTICATOR);
  const part = { ctime: said.ctime, cusec: said.cusec, seqNumber: 77 };
  const apRep = ApRep.encode({ encPart: seal(EncApRepPart, part, sessionKey, KU_AP_REP) });
  const priv = sealPriv(textToBytes('\0\0'), toKey(said.subkey!), { seqNumber: 77, sAddress });
  return framed(apRep, priv);
}

function framed(apRep: Uint8Array, rest: Uint8Array): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt16BE(6 + apRep.length + rest.length, 0);
  header.writeUInt16BE(1, 2);
  header.writeUInt16BE(apRep.length, 4);
  return Buffer.concat([header, apRep, rest]);
}

/** What follows on the AP-REP, or on the AP-REQ. */
function privOf(message: Buffer): Buffer {
  return message.subarray(6 + message.readUInt16BE(4));
}

function apRepOf(reply: Buffer): Buffer {
  return reply.subarray(6, 6 + reply.readUInt16BE(4));
}

function error(errorCode: number, eData?: Uint8Array): Uint8Array {
  const sname = { nameType: 2, nameString: ['kadmin', 'changepw'] };
  return KrbError.encode({ stime: NOW, susec: 0, errorCode, realm: 'A.TEST', sname, eData });
}

const failure = (spoil: Spoil): Promise<unknown> => change(spoil).catch((reason: unknown) => reason);

describe('a password is not said to be changed', () => {
  it('but by the server', async () => {
    expect(await change()).toEqual(CHANGED);
  });

  it('by a reply cut at any byte, its length corrected or not', async () => {
    const { length } = honest(await someRequest());
    for (let end = 0; end < length; end++) {
      expect(await failure(reply => reply.subarray(0, end)), `${end} bytes`).toBeInstanceOf(KerberosError);
      const corrected: Spoil = reply => {
        const cut = Buffer.from(reply.subarray(0, end));
        if (end >= 2) cut.writeUInt16BE(end, 0);
        return cut;
      };
      expect(await failure(corrected), `${end} bytes`).toBeInstanceOf(KerberosError);
    }
  });

  it('by a reply with any byte changed, but for what nobody looks at', async () => {
    const { length } = honest(await someRequest());
    let refused = 0;
    for (let at = 0; at < length; at++) {
      const outcome = await failure(reply => {
        reply[at]! ^= 1 << (at % 8);
        return reply;
      });
      if (outcome instanceof KerberosError) refused++;
      else expect(outcome, `byte ${at}`).toEqual(CHANGED);
    }
    expect(refused).toBeGreaterThan(length - 30);
  });

  it.each<[string, Spoil, RegExp]>([
    ['the request', (_, request) => request, /^(CODEC|MUTUAL_FAILED)$/],
    [
      'the sealed part of the request',
      (reply, request) => framed(apRepOf(reply), privOf(request)),
      /^REPLY_MODIFIED$/,
    ],
    ['a reply without a sealed part', reply => framed(apRepOf(reply), new Uint8Array(0)), /^CODEC$/],
    ['a reply that is sealed alone', reply => framed(new Uint8Array(0), privOf(reply)), /^CODEC$/],
    ['a megabyte', () => new Uint8Array(1 << 20), /^CODEC$/],
    ['an error', () => error(60), /^SERVER_REFUSED$/],
    ['an error of our clock', () => error(37), /^SERVER_REFUSED$/],
    ['an error in place of the AP-REP', reply => framed(error(60), privOf(reply)), /^SERVER_REFUSED$/],
  ])('by %s', async (_, spoil, code) => {
    expect(await failure(spoil)).toMatchObject({ code: expect.stringMatching(code) });
  });

  it('by the reply to an earlier request, or by half of it', async () => {
    let earlier: Buffer = Buffer.alloc(0);
    await change(reply => {
      earlier = reply;
      return reply;
    });
    expect(await failure(() => earlier)).toMatchObject({ code: 'MUTUAL_FAILED' });
    expect(await failure(reply => framed(apRepOf(reply), privOf(earlier)))).toMatchObject({
      code: 'INTEGRITY',
    });
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('by an error that tells result %i', async result => {
    const { status } = await change(() => error(60, Uint8Array.of(0, result)));
    expect(status).toBe(result === 0 ? 'unproven' : 'rejected');
  });
});

async function someRequest(): Promise<Buffer> {
  let made: Buffer = Buffer.alloc(0);
  await change((reply, request) => {
    made = request;
    return reply;
  });
  return made;
}

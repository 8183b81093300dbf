import { existsSync, readFileSync } from 'node:fs';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec/codec.ts';
import { GeneralString } from '../../src/codec/der/primitives.ts';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';
import * as ap from '../../src/messages/ap.ts';
import * as authorization from '../../src/messages/authorization.ts';
import * as fast from '../../src/messages/fast.ts';
import * as rep from '../../src/messages/kdc-rep.ts';
import * as req from '../../src/messages/kdc-req.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import * as otp from '../../src/messages/otp.ts';
import * as pkinit from '../../src/messages/pkinit.ts';
import * as preauth from '../../src/messages/preauth-data.ts';
import * as proxy from '../../src/messages/proxy.ts';
import * as s4u from '../../src/messages/s4u.ts';
import * as cred from '../../src/messages/safe-priv-cred.ts';
import * as spake from '../../src/messages/spake.ts';
import * as ticket from '../../src/messages/ticket.ts';
import * as types from '../../src/messages/types.ts';

const FILE = '../shared/vectors/asn1.json';

/** The vectors' names for our types. */
const TYPES: Readonly<Record<string, Codec<unknown>>> = {
  authenticator: ap.Authenticator as Codec<unknown>,
  ticket: ticket.Ticket as Codec<unknown>,
  keyblock: types.EncryptionKey as Codec<unknown>,
  encryption_key: types.EncryptionKey as Codec<unknown>,
  enc_tkt_part: ticket.EncTicketPart as Codec<unknown>,
  enc_kdc_rep_part: rep.EncTgsRepPart as Codec<unknown>,
  as_rep: rep.AsRep as Codec<unknown>,
  tgs_rep: rep.TgsRep as Codec<unknown>,
  ap_req: ap.ApReq as Codec<unknown>,
  ap_rep: ap.ApRep as Codec<unknown>,
  ap_rep_enc_part: ap.EncApRepPart as Codec<unknown>,
  as_req: req.AsReq as Codec<unknown>,
  tgs_req: req.TgsReq as Codec<unknown>,
  kdc_req_body: req.KdcReqBody as Codec<unknown>,
  safe: cred.KrbSafe as Codec<unknown>,
  priv: cred.KrbPriv as Codec<unknown>,
  enc_priv_part: cred.EncKrbPrivPart as Codec<unknown>,
  cred: cred.KrbCred as Codec<unknown>,
  enc_cred_part: cred.EncKrbCredPart as Codec<unknown>,
  error: KrbError as Codec<unknown>,
  authorization_data: types.AuthorizationData as Codec<unknown>,
  padata_sequence: types.MethodData as Codec<unknown>,
  typed_data: types.TypedData as Codec<unknown>,
  etype_info: preauth.EtypeInfo as Codec<unknown>,
  etype_info2: preauth.EtypeInfo2 as Codec<unknown>,
  pa_enc_ts: preauth.PaEncTsEnc as Codec<unknown>,
  enc_data: types.EncryptedData as Codec<unknown>,
  pa_for_user: s4u.PaForUser as Codec<unknown>,
  pa_s4u_x509_user: s4u.PaS4uX509User as Codec<unknown>,
  ad_kdcissued: authorization.AdKdcIssued as Codec<unknown>,
  cammac: authorization.AdCammac as Codec<unknown>,
  iakerb_header: proxy.IakerbHeader as Codec<unknown>,
  iakerb_finished: proxy.IakerbFinished as Codec<unknown>,
  kkdcp_message: proxy.KdcProxyMessage as Codec<unknown>,
  secure_cookie: proxy.SecureCookie as Codec<unknown>,
  fast_response: fast.KrbFastResponse as Codec<unknown>,
  pa_fx_fast_reply: fast.PaFxFastReply as Codec<unknown>,
  otp_tokeninfo: otp.OtpTokenInfo as Codec<unknown>,
  pa_otp_challenge: otp.PaOtpChallenge as Codec<unknown>,
  pa_otp_req: otp.PaOtpRequest as Codec<unknown>,
  pa_otp_enc_req: otp.PaOtpEncRequest as Codec<unknown>,
  spake_factor: spake.SpakeSecondFactor as Codec<unknown>,
  pa_spake: spake.PaSpake as Codec<unknown>,
  pa_pk_as_req: pkinit.PaPkAsReq as Codec<unknown>,
  pa_pk_as_rep: pkinit.PaPkAsRep as Codec<unknown>,
  krb5_pa_pk_as_req: pkinit.PaPkAsReq as Codec<unknown>,
  krb5_pa_pk_as_rep: pkinit.PaPkAsRep as Codec<unknown>,
  krb5_reply_key_pack: pkinit.ReplyKeyPack as Codec<unknown>,
  krb5_kdc_dh_key_info: pkinit.KdcDhKeyInfo as Codec<unknown>,
  krb5_principal_name: pkinit.Krb5PrincipalName as Codec<unknown>,
  krb5_auth_pack: pkinit.AuthPack as Codec<unknown>,
  auth_pack: pkinit.AuthPack as Codec<unknown>,
  kdc_dh_key_info: pkinit.KdcDhKeyInfo as Codec<unknown>,
  reply_key_pack: pkinit.ReplyKeyPack as Codec<unknown>,
  sp80056a_other_info: pkinit.OtherInfo as Codec<unknown>,
  pkinit_supp_pub_info: pkinit.PkinitSuppPubInfo as Codec<unknown>,
};

/**
 * Not messages of ours: SAM-2 is a withdrawn draft and the LDAP key data a database format. In the samples of PKINIT
 * the algorithm parameters and object identifiers are text, which is no DER.
 */
const NOT_OURS = /^(sam_|enc_sam|ldap_|krb5_auth_pack|auth_pack|otp_tokeninfo|pa_otp_challenge)/;

interface Vector {
  readonly name: string;
  readonly variant?: string;
  readonly der: string;
}

const vectors: { encode: Vector[]; decode: Vector[]; reject: Vector[] } = existsSync(FILE)
  ? JSON.parse(readFileSync(FILE, 'utf8'))
  : { encode: [], decode: [], reject: [] };

function typeOf(vector: Vector): Codec<unknown> {
  const type = TYPES[vector.name.replace(/ ?\(.*/, '')];
  if (type === undefined) throw new Error(`no type for ${vector.name}`);
  return type;
}

const ours = (rows: Vector[]): Vector[] => rows.filter(row => !NOT_OURS.test(row.name));

describe.skipIf(!existsSync(FILE))('messages against known encodings', () => {
  it('has them all', () => {
    expect(ours(vectors.encode).length).toBeGreaterThan(70);
  });

  it.each(ours(vectors.encode).map(v => [v.name, v] as const))(
    '%s decodes and encodes to the same bytes',
    (_, v) => {
      const type = typeOf(v);
      expect(bytesToHex(type.encode(type.decode(hexToBytes(v.der))))).toBe(v.der);
    },
  );

  it.each(ours(vectors.decode).map(v => [`${v.name} ${v.variant}`, v] as const))('%s decodes', (_, v) => {
    const type = typeOf(v);
    const value = type.decode(hexToBytes(v.der));
    // What was read is whole: written again and read again, it is the same value.
    expect(type.decode(type.encode(value))).toEqual(value);
  });

  it.each(ours(vectors.reject).map(v => [`${v.name} ${v.variant}`, v] as const))('%s is refused', (_, v) => {
    expect(() => typeOf(v).decode(hexToBytes(v.der))).toThrow(CodecError);
  });

  it.each(ours(vectors.encode).map(v => [v.name, v] as const))(
    '%s as written is DER to an independent reader',
    (_, v) => {
      const type = typeOf(v);
      const written = type.encode(type.decode(hexToBytes(v.der)));
      const read = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(written).toString('binary')), {
        strict: true,
        parseAllBytes: true,
        decodeBitStrings: false,
      } as never);
      expect(Buffer.from(forge.asn1.toDer(read).getBytes(), 'binary').toString('hex')).toBe(
        bytesToHex(written),
      );
    },
  );
});

describe('sequence numbers', () => {
  it('are UInt32 whatever sign a peer gave them', () => {
    const base = {
      crealm: 'R',
      cname: { nameType: 1, nameString: ['a'] },
      cusec: 0,
      ctime: new Date(0),
    };
    for (const seqNumber of [0, 0x7f, 0x80, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(ap.Authenticator.decode(ap.Authenticator.encode({ ...base, seqNumber })).seqNumber).toBe(
        seqNumber,
      );
    }
  });
});

describe('names', () => {
  it('keep bytes that are not UTF-8', () => {
    const der = hexToBytes('1b0461ff62c3');
    expect(bytesToHex(GeneralString.encode(GeneralString.decode(der)))).toBe('1b0461ff62c3');
    expect(GeneralString.decode(GeneralString.encode('pässwörd€😀'))).toBe('pässwörd€😀');
  });
});

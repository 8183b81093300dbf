import type { Key } from '../crypto/key.ts';
import { CodecError, KerberosError } from '../errors.ts';
import { ANONYMOUS_REALM, anonymousPrincipal, isAnonymous } from '../messages/anonymous.ts';
import { KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED } from '../messages/error-codes.ts';
import { KdcReqBody } from '../messages/kdc-req.ts';
import type { KdcError } from '../messages/krb-error.ts';
import { PA_PK_AS_REQ, TD_DH_PARAMETERS } from '../messages/numbers.ts';
import { KdcDhKeyInfo, PaPkAsRep, TdDhParameters } from '../messages/pkinit.ts';
import { toPrincipal } from '../messages/principal.ts';
import { MethodData, type PaData, TypedData } from '../messages/types.ts';
import type { Exchanged, PreauthContext, PreauthMechanism, PreauthSession } from './mechanism.ts';
import { modified } from './modified.ts';
import { groupOf, groupsFrom, type PkinitGroup } from './pkinit/groups.ts';
import { checkKdcCertificate } from './pkinit/kdc-certificate.ts';
import { agilityKey, KDF_IDS, octetStringToKey } from './pkinit/kdf.ts';
import { ID_PKINIT_DH_KEY_DATA } from './pkinit/numbers.ts';
import type { PkinitMaterial } from './pkinit/options.ts';
import { type Asked, askWith } from './pkinit/request.ts';
import { openSignedData } from './pkinit/signed-data.ts';

/**
 * Authentication by public keys and certificates (RFC 4556), with Diffie-Hellman over finite fields and curves (RFC
 * 5349).
 */
export const pkinit: PreauthMechanism = {
  name: 'PKINIT',
  padataType: PA_PK_AS_REQ,
  begin: context => new PkinitSession(context),
};

class PkinitSession implements PreauthSession {
  private readonly context: PreauthContext;
  private material: PkinitMaterial | undefined;
  private asked: Asked | undefined;
  private changedGroup = false;

  constructor(context: PreauthContext) {
    this.context = context;
  }

  async step(): Promise<readonly PaData[]> {
    this.material ??= await this.context.pkinit!.load();
    const weakest = groupsFrom(this.material.minGroup ?? '2048')[0]!;
    return this.ask(this.asked?.group ?? weakest, this.material);
  }

  /** Uses another group where the KDC demands one (RFC 4556 §3.2.2), once. */
  async again(error: KdcError): Promise<readonly PaData[] | undefined> {
    if (error.errorCode !== KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED) return undefined;
    if (this.material === undefined || this.changedGroup) return undefined;
    const group = acceptedGroup(error, groupsFrom(this.material.minGroup ?? '2048'));
    if (group === undefined) return undefined;
    this.changedGroup = true;
    this.context.trace(`PKINIT client trying again with KDC-provided parameters: ${group.name}`);
    return this.ask(group, this.material);
  }

  async replyKey(answer: Uint8Array | undefined, exchanged: Exchanged): Promise<Key> {
    const { asked, material } = this;
    if (answer === undefined || asked === undefined || material === undefined) {
      throw modified('no answer to PKINIT');
    }
    const reply = PaPkAsRep.decode(answer);
    if (reply.dhInfo === undefined) {
      throw failed('the KDC encrypted the reply key with RSA, although Diffie-Hellman was requested');
    }
    const { dhSignedData, serverDhNonce, kdf } = reply.dhInfo;
    const keyInfo = KdcDhKeyInfo.decode(this.openSigned(dhSignedData, material));
    if (keyInfo.nonce !== asked.nonce) throw modified('another nonce in its public key');
    if (serverDhNonce !== undefined) throw modified('a nonce to a key that may not be used again');
    const z = asked.pair.agree(keyInfo.subjectPublicKey);
    if (material.identityName !== undefined) {
      this.context.note('pa_config_data', JSON.stringify({ X509_user_identity: material.identityName }));
    }
    const key = this.keysOf(z, kdf?.kdfId, answer, exchanged).find(exchanged.opens);
    if (key === undefined) throw otherKey();
    return key;
  }

  private ask(group: PkinitGroup, material: PkinitMaterial): readonly PaData[] {
    this.context.trace(`PKINIT client making DH request with group ${group.name}`);
    this.asked = askWith(group, this.context, material);
    this.context.forbidOthers();
    return [{ padataType: PA_PK_AS_REQ, padataValue: this.asked.value }];
  }

  /** What the KDC, and nobody else, has signed. */
  private openSigned(dhSignedData: Uint8Array, material: PkinitMaterial): Uint8Array {
    const { content, signer, certificates } = openSignedData(dhSignedData, ID_PKINIT_DH_KEY_DATA);
    // RFC 8062 §4.1.1 allows even the KDC to be anonymous; but nothing else here authenticates it.
    if (signer === undefined) throw failed('the KDC did not sign its reply');
    const { context } = this;
    const { realm } = KdcReqBody.decode(context.reqBody);
    const { trace } = context;
    checkKdcCertificate(
      { certificate: signer, others: certificates, realm, now: context.clock(), trace },
      material,
    );
    trace('PKINIT client verified DH reply');
    return content;
  }

  /** The possible reply keys; for some secrets there are several. */
  private keysOf(
    z: Uint8Array,
    kdf: string | undefined,
    answer: Uint8Array,
    { etype, request }: Exchanged,
  ): readonly Key[] {
    const { trace, reqBody } = this.context;
    if (kdf === undefined) {
      trace('PKINIT client used octetstring2key to compute reply key');
      return [z, ...misread(z)].map(octets => octetStringToKey(etype, octets));
    }
    if (!KDF_IDS.includes(kdf)) throw modified('a key derivation function that was not offered');
    trace(`PKINIT client used KDF ${kdf} to compute reply key`);
    const { cname, realm, sname } = KdcReqBody.decode(reqBody);
    const client = toPrincipal(cname!, realm);
    // An anonymous client is in the realm that its ticket will name, also in the KDC's computation.
    const key = agilityKey(kdf, z, {
      etype,
      client: isAnonymous(client) ? anonymousPrincipal(ANONYMOUS_REALM) : client,
      server: toPrincipal(sname!, realm),
      asReq: request,
      pkAsRep: answer,
    });
    return [key];
  }
}

/**
 * How Heimdal 7's KDC misreads a secret that begins with zeros, as one in 256 does: it pads its buffer to the group's
 * length, as it should, but then hashes only as many bytes of it as the unpadded secret has.
 */
function misread(z: Uint8Array): readonly Uint8Array[] {
  const zeros = z.findIndex(byte => byte !== 0);
  return zeros > 0 ? [z.subarray(0, z.length - zeros)] : [];
}

/** The first group in the KDC's e-data that is strong enough for us. */
function acceptedGroup(
  { reply: { eData } }: KdcError,
  groups: readonly PkinitGroup[],
): PkinitGroup | undefined {
  const parameters = eData && typedData(eData, TD_DH_PARAMETERS);
  if (parameters === undefined) return undefined;
  for (const algorithm of TdDhParameters.decode(parameters)) {
    const group = groupOf(algorithm, groups);
    if (group !== undefined) return group;
  }
  return undefined;
}

/** The first element of a type, in TYPED-DATA or, within FAST, in PA-DATA. */
function typedData(eData: Uint8Array, type: number): Uint8Array | undefined {
  try {
    return TypedData.decode(eData).find(({ dataType }) => dataType === type)?.dataValue;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return MethodData.decode(eData).find(({ padataType }) => padataType === type)?.padataValue;
  }
}

/** The error for a reply that the agreed key does not open; MIT's kinit has no better words for it. */
function otherKey(): KerberosError {
  const cause = new Error('the key that PKINIT agreed on does not open the reply');
  return new KerberosError('REPLY_MODIFIED', 'Password incorrect', { cause });
}

function failed(message: string): KerberosError {
  return new KerberosError('KDC_NOT_TRUSTED', `Pre-authentication failed: ${message}`);
}

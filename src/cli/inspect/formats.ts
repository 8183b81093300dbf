import { configKey } from '../../ccache/config-entries.ts';
import { CcacheFile } from '../../ccache/file/format.ts';
import { DerReader } from '../../codec/der/reader.ts';
import { explicit } from '../../codec/der/schema.ts';
import { bytesToText } from '../../codec/text.ts';
import { CodecError, KerberosError } from '../../errors.ts';
import {
  InitialToken,
  MechTypeList,
  NegotiationResponse,
  NegTokenInit,
  NegTokenInit2,
  SPNEGO,
} from '../../gss/spnego/messages.ts';
import { KerbTgtReply, KerbTgtRequest } from '../../gss/user-to-user-messages.ts';
import { scanKeytab } from '../../keytab/file-format.ts';
import type { Credential } from '../../messages/credential.ts';
import { IakerbHeader, iakerbRealm, KdcProxyMessage } from '../../messages/proxy.ts';
import { isCapture } from './capture.ts';
import { isPasswordMessage, passwordNodes } from './kpasswd.ts';
import { branch, hexText, type Node } from './node.ts';
import { oidText } from './oids.ts';
import { captureNodes } from './pcap.ts';
import { isReplayCache, replayNodes } from './replay.ts';
import { meaningsOf } from './text.ts';
import { cfxNodes, isCfxToken, isRfc1964, rfc1964Nodes } from './tokens.ts';
import { beginsMessage, MESSAGES, type NamedType } from './types.ts';
import { type Inspection, messageNode, valueNode } from './value.ts';

/** What bytes of any kind are. Throws CodecError where they are none that is known, or damaged. */
export function inspectBytes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const found = FORMATS.find(({ fits }) => fits(bytes));
  if (found !== undefined) return found.read(bytes, to);
  for (const values of meaningsOf(bytes)) {
    const known = values.flatMap(value => {
      const format = FORMATS.find(({ fits }) => fits(value));
      return format === undefined ? [] : [{ format, value }];
    });
    // What one of them brings may open the next.
    if (known.length > 0) return known.flatMap(({ format, value }) => format.read(value, to));
  }
  throw new CodecError('not a Kerberos cache, keytab, token or message, nor one in base64 or hexadecimal');
}

/** A row of the table of formats. */
interface Format {
  fits(bytes: Uint8Array): boolean;
  read(bytes: Uint8Array, to: Inspection): readonly Node[];
}

const FORMATS: readonly Format[] = [
  { fits: isCapture, read: captureNodes },
  // It begins with random bytes, which may look like anything; where its records stand does not.
  { fits: isReplayCache, read: replayNodes },
  { fits: isCfxToken, read: cfxNodes },
  { fits: bytes => bytes[0] === 5 && (bytes[1] === 3 || bytes[1] === 4), read: cacheNodes },
  { fits: bytes => bytes[0] === 5 && (bytes[1] === 1 || bytes[1] === 2), read: keytabOrOldCache },
  { fits: beginsMessage, read: kerberosNodes },
  { fits: bytes => bytes[0] === 0x60, read: initialTokenNodes },
  { fits: bytes => bytes[0] === 0xa0 || bytes[0] === 0xa1, read: negotiationNodes },
  { fits: isPasswordMessage, read: passwordNodes },
  { fits: isFramed, read: (bytes, to) => framedNodes(bytes.subarray(4), to) },
  { fits: isProxyMessage, read: proxyNodes },
  {
    fits: isNtlm,
    read: () => [{ name: 'NTLM', value: 'not Kerberos: the client had no ticket, and fell back' }],
  },
];

function kerberosNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  return [messageNode(MESSAGES[bytes[0]!]!, bytes, to)];
}

function framedNodes(message: Uint8Array, to: Inspection): readonly Node[] {
  return isPasswordMessage(message) ? passwordNodes(message, to) : kerberosNodes(message, to);
}

/** A message after its length, as TCP carries it. */
function isFramed(bytes: Uint8Array): boolean {
  if (bytes.length < 5) return false;
  if (MESSAGES[bytes[4]!] === undefined && !isPasswordMessage(bytes.subarray(4))) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === bytes.length - 4;
}

/** A sequence whose first field has the tag [0]; that of certificates has none. */
function isProxyMessage(bytes: Uint8Array): boolean {
  const length = bytes[1] ?? 0;
  return bytes[0] === 0x30 && bytes[length < 0x80 ? 2 : 2 + (length & 0x7f)] === 0xa0;
}

function isNtlm(bytes: Uint8Array): boolean {
  return bytesToText(bytes.subarray(0, 8)) === 'NTLMSSP\0';
}

/** Keytabs and caches of old versions begin alike. */
function keytabOrOldCache(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const { damaged, records } = scanKeytab(bytes);
  if (records.length > 0 || !damaged) return keytabNodes(bytes, to);
  try {
    return cacheNodes(bytes, to);
  } catch (error) {
    if (error instanceof KerberosError) return keytabNodes(bytes, to);
    throw error;
  }
}

function keytabNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const { format, records, damaged } = scanKeytab(bytes);
  const place = { message: 'keytab', depth: 1 };
  const nodes = records.map(({ entry }, i) => valueNode(`[${i}]`, entry, to, place));
  const rest = damaged ? [{ name: 'damaged', value: 'what follows cannot be read' }] : [];
  return [branch('keytab', [{ name: 'version', value: `5.${format.version}` }, ...nodes, ...rest])];
}

function cacheNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const { principal, credentials, kdcOffset, truncated } = CcacheFile.decode(bytes);
  const place = { message: 'cache', depth: 1 };
  return [
    branch('cache', [
      { name: 'version', value: `5.${bytes[1]}` },
      kdcOffset === undefined ? undefined : { name: 'kdcOffset', value: `${kdcOffset / 1000} s` },
      valueNode('principal', principal, to, place),
      ...credentials.map((credential, i) => credentialNode(`[${i}]`, credential, to)),
      truncated ? { name: 'damaged', value: 'the file is truncated here' } : undefined,
    ]),
  ];
}

function credentialNode(name: string, credential: Credential, to: Inspection): Node {
  const key = configKey(credential);
  if (key !== undefined)
    return branch(name, [{ name: key, value: bytesToText(credential.ticket) }], 'config');
  return valueNode(name, { ...credential }, to, { message: 'credential', depth: 2 });
}

/** What GSS-API wraps a context's first token in (RFC 2743 §3.1). */
function initialTokenNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const { mechanism, token } = InitialToken.decode(bytes);
  const head = { name: 'mechanism', value: oidText(mechanism) };
  const inner = mechanism === SPNEGO ? negotiationNodes(token, to) : tokenNodes(bytes, token, to);
  return [branch('GSS-API token', [head, ...inner])];
}

const TOKENS: Readonly<Record<number, string>> = {
  256: 'KRB_AP_REQ',
  512: 'KRB_AP_REP',
  768: 'KRB_ERROR',
  1024: 'KERB_TGT_REQUEST',
  1025: 'KERB_TGT_REPLY',
  1281: 'IAKERB_PROXY',
};

/** What follows the identifiers of user-to-user authentication. */
const USER_TO_USER: Readonly<Record<number, NamedType>> = {
  1024: { name: 'KERB-TGT-REQUEST', type: KerbTgtRequest },
  1025: { name: 'KERB-TGT-REPLY', type: KerbTgtReply },
};

/** A token of the Kerberos mechanism after its object identifier (RFC 4121 §4.1). */
function tokenNodes(framed: Uint8Array, token: Uint8Array, to: Inspection): readonly Node[] {
  const id = (token[0] ?? 0) * 256 + (token[1] ?? 0);
  if (isRfc1964(id)) return rfc1964Nodes(framed, token, to);
  const message = token.subarray(2);
  const head = {
    name: 'tokenId',
    value: `${TOKENS[id] ?? 'unknown'} (0x${id.toString(16).padStart(4, '0')})`,
  };
  const userToUser = USER_TO_USER[id];
  if (userToUser !== undefined) return [head, messageNode(userToUser, message, to)];
  if (id === IAKERB_PROXY) return [head, ...iakerbNodes(message, to)];
  const known = message[0] !== undefined && MESSAGES[message[0]] !== undefined;
  return [head, ...(known ? kerberosNodes(message, to) : [{ name: 'message', value: hexText(message) }])];
}

const IAKERB_PROXY = 1281;

/** A header, and the message for the KDC that the service is to pass on. */
function iakerbNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const input = new DerReader(bytes);
  const header = IakerbHeader.decode(input.element());
  const message = bytes.subarray(input.offset);
  const known = message[0] !== undefined && MESSAGES[message[0]] !== undefined;
  const place = { message: 'IAKERB', depth: 2 };
  return [
    valueNode('IAKERB-HEADER', { ...header, targetRealm: iakerbRealm(header) }, to, place),
    ...(known ? kerberosNodes(message, to) : [{ name: 'message', value: hexText(message) }]),
  ];
}

const FirstNegotiation = explicit(0, NegTokenInit);
const AcceptorsOffer = explicit(0, NegTokenInit2);

function negotiationNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const place = { message: 'SPNEGO', depth: 2 };
  if (bytes[0] === 0xa1) {
    const { responseToken, supportedMech, mechListMIC, ...rest } = NegotiationResponse.decode(bytes);
    return [
      branch('NegTokenResp', [
        valueNode('negotiation', rest, to, place),
        supportedMech === undefined ? undefined : { name: 'supportedMech', value: oidText(supportedMech) },
        innerToken('responseToken', responseToken, to),
        innerToken('mechListMIC', mechListMIC, to),
      ]),
    ];
  }
  const { mechTypes, mechToken, mechListMIC, hint } = readOffer(bytes);
  return [
    branch('NegTokenInit', [
      { name: 'mechTypes', value: mechTypes.map(oidText).join(', ') },
      innerToken('mechToken', mechToken, to),
      hint === undefined ? undefined : { name: 'negHints', value: JSON.stringify(hint) },
      innerToken('mechListMIC', mechListMIC, to),
    ]),
  ];
}

/** An initiator's offer, or that of an acceptor that speaks first (MS-SPNG 2.2.1). */
function readOffer(bytes: Uint8Array) {
  try {
    const offer = FirstNegotiation.decode(bytes);
    return { ...offer, mechTypes: MechTypeList.decode(offer.mechTypes), hint: undefined };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const offer = AcceptorsOffer.decode(bytes);
    return { ...offer, hint: offer.negHints?.hintName };
  }
}

function innerToken(name: string, token: Uint8Array | undefined, to: Inspection): Node | undefined {
  if (token === undefined) return undefined;
  // A negotiation within a negotiation is none of ours.
  const format = token[0] === 0xa0 || token[0] === 0xa1 ? undefined : FORMATS.find(({ fits }) => fits(token));
  if (format === undefined || --to.left < 0) return { name, value: hexText(token) };
  return branch(name, format.read(token, to));
}

/** What a KDC proxy is sent (MS-KKDCP 2.2.2). */
function proxyNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const { kerbMessage, targetDomain } = KdcProxyMessage.decode(bytes);
  return [
    branch('KDC-PROXY-MESSAGE', [
      targetDomain === undefined ? undefined : { name: 'targetDomain', value: targetDomain },
      ...(isFramed(kerbMessage)
        ? framedNodes(kerbMessage.subarray(4), to)
        : [{ name: 'kerbMessage', value: hexText(kerbMessage) }]),
    ]),
  ];
}

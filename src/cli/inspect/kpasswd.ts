import { bytesToText } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';
import { ChangePasswdData } from '../../messages/password.ts';
import { formatPrincipal, toPrincipal } from '../../messages/principal.ts';
import { EncKrbPrivPart, KrbPriv } from '../../messages/safe-priv-cred.ts';
import { branch, hexText, type Node } from './node.ts';
import { MESSAGES } from './types.ts';
import { type Inspection, messageNode } from './value.ts';

const HEADER = 6;
const AP_REQ = 0x6e;
const AP_REP = 0x6f;

/** The version of the message: 1 of what Kerberos 5 had first, and of replies; 0xff80 of a request of RFC 3244. */
const VERSIONS: Readonly<Record<number, string>> = { 1: 'change', 65408: 'set (RFC 3244)' };

const RESULTS = [
  'success',
  'malformed',
  'hard error',
  'authentication error',
  'soft error',
  'access denied',
  'bad version',
  'initial flag needed',
];

/** Whether a message of `length` bytes that begins like this, with eight bytes at least, is for a password server or from one. */
export function isPasswordMessage(bytes: Uint8Array, length = bytes.length): boolean {
  if (bytes.length < HEADER || u16(bytes, 0) !== length || VERSIONS[u16(bytes, 2)] === undefined)
    return false;
  const apLength = u16(bytes, 4);
  const tag = bytes[HEADER];
  if (HEADER + apLength > length) return false;
  return apLength === 0 ? tag === 0x7e : tag === undefined || tag === AP_REQ || tag === AP_REP;
}

/** What a password server is told, or says (RFC 3244 §2); passwords only where keys are shown. Throws CodecError. */
export function passwordNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const version = u16(bytes, 2);
  const apEnd = HEADER + u16(bytes, 4);
  const [ap, rest] = [bytes.subarray(HEADER, apEnd), bytes.subarray(apEnd)];
  const isReply = ap[0] !== AP_REQ;
  const head = { name: 'version', value: `${VERSIONS[version]} (${version})` };
  const messages = [ap, rest].flatMap(message => {
    const type = MESSAGES[message[0] ?? 0];
    if (message.length === 0) return [];
    return [
      type === undefined ? { name: 'message', value: hexText(message) } : messageNode(type, message, to),
    ];
  });
  const data = rest[0] === 0x75 ? openedData(rest, to) : undefined;
  const said = data === undefined ? [] : isReply ? resultNodes(data) : wishNodes(data, version, to);
  return [branch(isReply ? 'password reply' : 'password request', [head, ...messages, ...said])];
}

function openedData(priv: Uint8Array, { keys }: Inspection): Uint8Array | undefined {
  const opened = keys.open(KrbPriv.decode(priv).encPart, [13]);
  return opened && EncKrbPrivPart.decode(opened.plaintext).userData;
}

function wishNodes(data: Uint8Array, version: number, to: Inspection): readonly Node[] {
  const wish = version === 1 ? undefined : decoded(data);
  const password = wish?.newPasswd ?? data;
  const shown = to.showKeys ? JSON.stringify(bytesToText(password)) : `(${password.length} bytes, hidden)`;
  const { targName, targRealm } = wish ?? {};
  return [
    ...(targName === undefined
      ? []
      : [{ name: 'target', value: formatPrincipal(toPrincipal(targName, targRealm ?? '')) }]),
    { name: 'newPassword', value: shown },
  ];
}

function decoded(data: Uint8Array) {
  try {
    return ChangePasswdData.decode(data);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function resultNodes(data: Uint8Array): readonly Node[] {
  if (data.length < 2) return [{ name: 'result', value: hexText(data) }];
  const code = u16(data, 0);
  const text = data.subarray(2);
  return [
    { name: 'result', value: `${RESULTS[code] ?? 'unknown'} (${code})` },
    ...(text.length === 0 ? [] : [{ name: 'text', value: JSON.stringify(bytesToText(text)) }]),
  ];
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

import { bytesToHex, bytesToText } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';
import type { EncryptedData, EncryptionKey, PrincipalName } from '../../messages/types.ts';
import { statusText } from '../windows-status.ts';
import { checksumNode } from './checksum.ts';
import { algorithmText, cmsNodes } from './cms.ts';
import type { InspectKeys, OpenedPart } from './keys.ts';
import { addressNode, dateText, principalNameNode, principalNode } from './leaves.ts';
import { flagNames, numberWithName } from './names.ts';
import { branch, hexText, type Node } from './node.ts';
import { decodes, noteNames, noteSalt } from './notes.ts';
import { oidText } from './oids.ts';
import { pacNodes } from './pac.ts';
import {
  AUTHORIZATION,
  ERROR_DATA,
  MESSAGES,
  type NamedType,
  NESTED,
  PADATA,
  SEALED,
  TYPED,
} from './types.ts';
import { sidText, windowsText } from './windows-names.ts';

/** What the tree is made with. */
export interface Inspection {
  readonly keys: InspectKeys;
  readonly showKeys: boolean;
  /** How many nodes there may still be. */
  left: number;
}

/** Where a value is: in which message, how deep. */
interface Place {
  readonly message: string;
  readonly depth: number;
}

/** Deeper than any message of the protocol with all that is in it. */
const MAX_DEPTH = 40;
/** Bytes that are text. */
const TEXTS: readonly string[] = ['salt', 'PA-PW-SALT', 'otpTokenId', 'otpChallenge', 'otpPin'];
/** Passwords, and what programs tell each other in private, passwords among it. */
const SECRETS: readonly string[] = ['newPasswd', 'userData', 'otpValue', 'otpPin'];
/** What CMS holds. */
const CMS: readonly string[] = ['signedAuthPack', 'dhSignedData', 'encKeyPack'];
/** Object identifiers. */
const IDENTIFIERS: readonly string[] = ['kdfId', 'supportedMech'];
/** Those of users and groups of Windows. */
const SIDS: readonly string[] = ['sid', 'userSid', 'requestor'];

type Value = Readonly<Record<string, unknown>>;

/** The tree of a message in DER. Throws CodecError. */
export function messageNode({ name, type }: NamedType, bytes: Uint8Array, to: Inspection, depth = 0): Node {
  const value = type.decode(bytes);
  noteNames(value as Value, to.keys, name);
  return valueNode(name, value, to, { message: name, depth });
}

/** The same, and as bytes where it is something else. */
function nestedNode(name: string, type: NamedType, bytes: Uint8Array, to: Inspection, depth: number): Node {
  try {
    const node = messageNode(type, bytes, to, depth);
    return name === '' ? node : branch(name, [node]);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return {
      name: name || type.name,
      value: `${hexText(bytes)}, which is no ${type.name}: ${error.message}`,
    };
  }
}

/** The tree of any value that came out of a message. */
export function valueNode(name: string, value: unknown, to: Inspection, place: Place): Node {
  if (place.depth > MAX_DEPTH || --to.left < 0)
    return { name, value: '(not shown: there is too much of it)' };
  if (value instanceof Date) return { name, value: dateText(value) };
  if (SECRETS.includes(name) && !to.showKeys) return { name, value: hiddenText(value) };
  if (value instanceof Uint8Array) return bytesNode(name, value, to, place);
  if (typeof value === 'number') return { name, value: numberText(name, value, place) };
  if (Array.isArray(value)) return arrayNode(name, value, to, place);
  if (typeof value === 'object' && value !== null) return objectNode(name, value as Value, to, place);
  const text = String(value);
  if (SIDS.includes(name)) return { name, value: sidText(text) };
  return { name, value: IDENTIFIERS.includes(name) ? oidText(text) : text };
}

function hiddenText(value: unknown): string {
  return value instanceof Uint8Array ? `(${value.length} bytes, hidden)` : '(hidden)';
}

function numberText(name: string, value: number, { message }: Place): string {
  const flags = flagNames(`${message}.${name}`, value) ?? flagNames(name, value);
  return flags ?? windowsText(name, value) ?? numberWithName(name, value);
}

function arrayNode(name: string, values: readonly unknown[], to: Inspection, place: Place): Node {
  if (values.length === 0) return { name, value: '(none)' };
  if (values.every(value => typeof value === 'number')) {
    const field = name === 'enctypes' || name === 'etype' ? 'etype' : name;
    return { name, value: values.map(value => numberWithName(field, value)).join(', ') };
  }
  if (values.every(value => typeof value === 'string')) return { name, value: values.join(', ') };
  const inner = { ...place, depth: place.depth + 1 };
  const nested = NESTED[name];
  return branch(
    name,
    values.map((value, i) =>
      nested !== undefined && value instanceof Uint8Array
        ? nestedNode(`[${i}]`, nested, value, to, inner.depth)
        : valueNode(`[${i}]`, value, to, inner),
    ),
  );
}

function bytesNode(name: string, bytes: Uint8Array, to: Inspection, { depth }: Place): Node {
  const nested = NESTED[name];
  if (nested !== undefined && bytes.length > 0) return nestedNode(name, nested, bytes, to, depth + 1);
  if (name === 'eData') return errorDataNode(name, bytes, to, depth + 1);
  if (CMS.includes(name)) return cmsNode(name, bytes, to, depth + 1);
  if (TEXTS.includes(name)) return { name, value: JSON.stringify(bytesToText(bytes)) };
  return { name, value: hexText(bytes) };
}

/** What a KDC says besides: of several kinds, the one that it can be; a password server's result is none of them. */
function errorDataNode(name: string, bytes: Uint8Array, to: Inspection, depth: number): Node {
  const type = ERROR_DATA.find(each => decodes(each.type, bytes));
  return type === undefined ? { name, value: hexText(bytes) } : nestedNode(name, type, bytes, to, depth);
}

function cmsNode(name: string, bytes: Uint8Array, to: Inspection, depth: number): Node {
  try {
    return branch(
      name,
      cmsNodes(bytes, (type, signed) => nestedNode(type.name, type, signed, to, depth + 1)),
    );
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { name, value: `${hexText(bytes)}, which is no CMS: ${error.message}` };
  }
}

function objectNode(name: string, value: Value, to: Inspection, place: Place): Node {
  const special = specialNode(name, value, to, place);
  if (special !== undefined) return special;
  const { keyvalue, cipher, nameString, components, padataValue, adData, address } = value;
  if (keyvalue instanceof Uint8Array) return keyNode(name, value as EncryptionKey, to);
  if (cipher instanceof Uint8Array) return sealedNode(name, value as EncryptedData, to, place);
  if (nameString !== undefined) return principalNameNode(name, value as PrincipalName);
  if (components !== undefined) return principalNode(name, value);
  if (padataValue instanceof Uint8Array) return padataNode(value, padataValue, to, place);
  if (adData instanceof Uint8Array) return authorizationNode(value, adData, to, place);
  if (address instanceof Uint8Array) return addressNode(name, value, address);
  noteSalt(value, to.keys);
  const inner = { ...place, depth: place.depth + 1 };
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return branch(
    name,
    members.map(([key, member]) => valueNode(key, member, to, inner)),
  );
}

/** What stands for more than its members say. */
function specialNode(name: string, value: Value, to: Inspection, { depth }: Place): Node | undefined {
  const { algorithm, parameters, checksum, cksumtype, dataType, dataValue, type, data } = value;
  if (typeof algorithm === 'string') {
    return {
      name,
      value: algorithmText({
        algorithm,
        parameters: parameters instanceof Uint8Array ? parameters : undefined,
      }),
    };
  }
  if (checksum instanceof Uint8Array && typeof cksumtype === 'number') {
    return checksumNode(name, { cksumtype, checksum }, bytes =>
      nestedNode('delegation', KRB_CRED, bytes, to, depth + 1),
    );
  }
  if (dataValue instanceof Uint8Array && typeof dataType === 'number') {
    return typedDataNode(dataType, dataValue, to, depth);
  }
  // A second factor of SPAKE.
  if (typeof type === 'number' && Object.keys(value).every(key => key === 'type' || key === 'data')) {
    const text = numberWithName('factorType', type);
    return { name, value: data instanceof Uint8Array ? `${text}, ${hexText(data)}` : text };
  }
  return undefined;
}

const KRB_CRED = MESSAGES[118]!;

function typedDataNode(dataType: number, bytes: Uint8Array, to: Inspection, depth: number): Node {
  // KERB_ERR_TYPE_EXTENDED of MS-KILE 2.2.1: a status of Windows, then what is reserved.
  if (dataType === 3 && bytes.length === 12) {
    const status = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    return { name: 'KERB_ERR_TYPE_EXTENDED (3)', value: statusText(status) };
  }
  const name = numberWithName('dataType', dataType);
  const type = TYPED[dataType];
  return type === undefined ? { name, value: hexText(bytes) } : nestedNode(name, type, bytes, to, depth + 1);
}

/** A key, of which nothing but its type is shown unless that is wanted; what comes later may be sealed in it. */
function keyNode(name: string, key: EncryptionKey, to: Inspection): Node {
  to.keys.learn(key, `a key out of what was opened (${name})`);
  const bytes = to.showKeys ? bytesToHex(key.keyvalue) : `(${key.keyvalue.length} bytes, hidden)`;
  return { name, value: `${numberWithName('keytype', key.keytype)} ${bytes}` };
}

function sealedNode(name: string, sealed: EncryptedData, to: Inspection, { message, depth }: Place): Node {
  const { etype, kvno, cipher } = sealed;
  const version = kvno === undefined ? '' : `, kvno ${kvno}`;
  const head = `${numberWithName('etype', etype)}${version}, ${cipher.length} bytes`;
  const type = SEALED[`${message}.${name}`] ?? SEALED[message];
  if (type === undefined) return { name, value: head };
  if (etype === 0) return branch(name, [nestedNode('', type, cipher, to, depth + 1)], `${head}, in clear`);
  const opened =
    message === 'EncryptedChallenge'
      ? to.keys.openChallenge(sealed, type.usages)
      : to.keys.open(sealed, type.usages);
  if (opened === undefined) return { name, value: head };
  const inner = nestedNode('', type, opened.plaintext, to, depth + 1);
  noteFastKeys(type, opened, to);
  return branch(name, [inner], `${head}, opened by ${opened.by}`);
}

/** What was opened may hold what keys of FAST are made of. */
function noteFastKeys({ type }: NamedType, { plaintext, key }: OpenedPart, { keys }: Inspection): void {
  if (!decodes(type, plaintext)) return;
  const { subkey, strengthenKey } = type.decode(plaintext) as Value;
  if (subkey !== undefined) keys.learnArmor(subkey as EncryptionKey, key);
  if (strengthenKey !== undefined) keys.learnStrengthen(strengthenKey as EncryptionKey);
}

function padataNode({ padataType }: Value, bytes: Uint8Array, to: Inspection, { depth }: Place): Node {
  const name = numberWithName('padataType', padataType as number);
  if (bytes.length === 0) return { name, value: '(empty)' };
  if (padataType === 3) {
    to.keys.noteSalt(bytes);
    return { name, value: JSON.stringify(bytesToText(bytes)) };
  }
  const types = PADATA[padataType as number] ?? [];
  const fitting = types.find(({ type }) => decodes(type, bytes));
  return fitting === undefined
    ? { name, value: hexText(bytes) }
    : nestedNode(name, fitting, bytes, to, depth + 1);
}

function authorizationNode({ adType }: Value, bytes: Uint8Array, to: Inspection, { depth }: Place): Node {
  const name = numberWithName('adType', adType as number);
  const show = (key: string, value: unknown) =>
    valueNode(key, value, to, { message: 'PAC', depth: depth + 1 });
  if (adType === 128) return branch(name, pacNodes(bytes, show));
  const type = AUTHORIZATION[adType as number];
  return type === undefined ? { name, value: hexText(bytes) } : nestedNode(name, type, bytes, to, depth + 1);
}

import { BinaryReader } from '../../codec/binary.ts';
import { bytesToHex, bytesToText } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';
import {
  ACCEPTOR_SUBKEY,
  HEADER,
  MIC_TOKEN,
  SEALED,
  SENT_BY_ACCEPTOR,
  WRAP_TOKEN,
} from '../../gss/cfx/header.ts';
import { CfxTokens } from '../../gss/cfx.ts';
import { GssError } from '../../gss/gss-error.ts';
import { Rfc1964Tokens } from '../../gss/rfc1964.ts';
import type { Opened, Side, TokenFormat } from '../../gss/token-format.ts';
import { branch, hexText, type Node } from './node.ts';
import type { Inspection } from './value.ts';

const RC4 = 23;
const SIDES: readonly Side[] = ['initiator', 'acceptor'];

/** Whether these are the bytes of a MIC or Wrap token of RFC 4121, whose header has filler that a cache never has. */
export function isCfxToken(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  const kind = bytes[0]! * 256 + bytes[1]!;
  const filler = kind === MIC_TOKEN ? [3, 4, 5, 6, 7] : kind === WRAP_TOKEN ? [3] : undefined;
  return filler?.every(at => bytes[at] === 0xff) === true && bytes[2]! < 8;
}

/** A MIC or Wrap token of RFC 4121 §4.2, and what is in it where a key of the context is there. */
export function cfxNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const reader = new BinaryReader(bytes);
  const isMic = reader.u16('tokenId') === MIC_TOKEN;
  const flags = reader.u8('flags');
  reader.take(1, 'filler');
  const counts = { extraCount: reader.u16('extraCount'), rotation: reader.u16('rotation') };
  const sequence = BigInt(`0x${bytesToHex(reader.take(8, 'sequence'))}`);
  const names = [
    (flags & SENT_BY_ACCEPTOR) !== 0 ? 'sent by the acceptor' : 'sent by the initiator',
    ...((flags & SEALED) === 0 ? [] : ['sealed']),
    ...((flags & ACCEPTOR_SUBKEY) === 0 ? [] : ["under the acceptor's subkey"]),
  ];
  const rest = bytes.subarray(HEADER);
  const head = [
    { name: 'flags', value: `${names.join(', ')} (0x${flags.toString(16).padStart(2, '0')})` },
    ...(isMic ? [] : Object.entries(counts).map(([name, value]) => ({ name, value: String(value) }))),
    { name: 'sequence', value: String(sequence) },
  ];
  if (isMic) return [branch('MIC token', [...head, { name: 'checksum', value: hexText(rest) }])];
  // We open as the other side.
  const side = (flags & SENT_BY_ACCEPTOR) !== 0 ? 'initiator' : 'acceptor';
  const acceptorSubkey = (flags & ACCEPTOR_SUBKEY) !== 0;
  const opened = to.keys.tryEach(key =>
    key.etype === RC4
      ? undefined
      : firstOpened(
          [false, true].map(dceStyle => new CfxTokens({ key, side, acceptorSubkey, dceStyle })),
          bytes,
        ),
  );
  return [branch('Wrap token', [...head, messageNode(opened, rest)])];
}

/** TOK_ID, RFC 1964 §1.2. */
const KINDS: Readonly<Record<number, string>> = {
  257: 'MIC token',
  258: 'token that deletes a context',
  513: 'Wrap token',
};
const SIGNING: Readonly<Record<number, string>> = {
  0: 'DES MAC MD5',
  256: 'MD2.5',
  512: 'DES MAC',
  1024: 'HMAC SHA1 DES3-KD',
  4352: 'HMAC MD5 (RC4)',
};
const SEALING: Readonly<Record<number, string>> = { 0: 'DES', 512: 'DES3-KD', 4096: 'RC4', 65535: 'none' };

/** Whether a framed token of the mechanism is one of RFC 1964's for messages, by its first two bytes. */
export function isRfc1964(tokenId: number): boolean {
  return KINDS[tokenId] !== undefined;
}

/** Such a token: `framed` is all of it, `token` what is in the frame. Throws CodecError. */
export function rfc1964Nodes(framed: Uint8Array, token: Uint8Array, to: Inspection): readonly Node[] {
  const reader = new BinaryReader(token);
  const tokenId = reader.u16('tokenId');
  const signing = reader.u16('signAlgorithm');
  const sealing = reader.u16('sealAlgorithm');
  const isWrap = tokenId === 0x0201;
  const head = [
    { name: 'signAlgorithm', value: named(SIGNING, signing) },
    ...(isWrap ? [{ name: 'sealAlgorithm', value: named(SEALING, sealing) }] : []),
    { name: 'sequence', value: `${hexText(token.subarray(8, 16))} (encrypted)` },
    { name: 'checksum', value: hexText(token.subarray(16, 24)) },
  ];
  if (!isWrap) return [branch(KINDS[tokenId]!, head)];
  const opened = to.keys.tryEach(key =>
    key.etype === RC4
      ? firstOpened(
          SIDES.map(side => new Rfc1964Tokens({ key, side, acceptorSubkey: false, dceStyle: false })),
          framed,
        )
      : undefined,
  );
  const number = opened && { name: 'sequence', value: String(opened.value.sequence) };
  return [
    branch('Wrap token', [
      ...head.map(node => (node.name === 'sequence' ? (number ?? node) : node)),
      messageNode(opened, token.subarray(24)),
    ]),
  ];
}

function named(names: Readonly<Record<number, string>>, value: number): string {
  const hex = `0x${value.toString(16).padStart(4, '0')}`;
  return names[value] === undefined ? hex : `${names[value]} (${hex})`;
}

function firstOpened(formats: readonly TokenFormat[], token: Uint8Array): Opened | undefined {
  for (const format of formats) {
    try {
      return format.unwrap(token);
    } catch (error) {
      if (!(error instanceof GssError || error instanceof CodecError)) throw error;
    }
  }
  return undefined;
}

function messageNode(
  opened: { readonly value: Opened; readonly by: string } | undefined,
  body: Uint8Array,
): Node {
  if (opened === undefined) return { name: 'body', value: hexText(body) };
  const { message, sealed } = opened.value;
  const text = bytesToText(message);
  const isText = message.length > 0 && /^[\t\n\r\x20-\x7e\u00a0-\ud7ff]*$/.test(text);
  const shown = isText && text.length <= MAX_TEXT ? JSON.stringify(text) : hexText(message);
  return { name: 'message', value: `${shown}, ${sealed ? 'opened' : 'verified'} by ${opened.by}` };
}

/** Longer messages are cut, as bytes are. */
const MAX_TEXT = 200;

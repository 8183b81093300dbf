import { readFileSync } from 'node:fs';
import type { ApSession } from '../../src/ap/session.ts';
import { importKey, randomKey } from '../../src/crypto/key.ts';
import type { ContextFlags } from '../../src/gss/context.ts';
import { GssError, type GssMajor } from '../../src/gss/gss-error.ts';
import type { MessageProtection } from '../../src/gss/message-protection.ts';
import { protectMessages } from '../../src/gss/protect.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { unhex } from '../crypto/support.ts';

/** The enctypes of RFC 4121's tokens. */
export const CFX_ETYPES = [17, 18, 19, 20, 25, 26];

export const FLAGS: ContextFlags = {
  delegation: false,
  mutual: true,
  replay: true,
  sequence: true,
  confidentiality: true,
  integrity: true,
  anonymous: false,
  dceStyle: false,
  identify: false,
};

export interface Pair {
  readonly initiator: MessageProtection;
  readonly acceptor: MessageProtection;
}

/** Both sides of a context. */
export function pairOf(session: ApSession, flags: Partial<ContextFlags> = {}): Pair {
  const all = { ...FLAGS, ...flags };
  return {
    initiator: protectMessages(session, 'initiator', all),
    acceptor: protectMessages(session, 'acceptor', all),
  };
}

/** A session whose keys are all of one enctype. */
export function sessionOf(etype: number, changes: Partial<ApSession> = {}): ApSession {
  return {
    client: parsePrincipal('alice@A.TEST'),
    server: parsePrincipal('host/localhost@A.TEST'),
    sessionKey: randomKey(etype),
    initiatorSubkey: randomKey(etype),
    acceptorSubkey: randomKey(etype),
    initiatorSequence: 0x12345678,
    acceptorSequence: 0x3fffffff,
    endtime: new Date(1e12),
    mutual: true,
    ...changes,
  };
}

/** The major status that a call ends with, or undefined. Anything but a GssError is thrown on. */
export function majorOf(call: () => unknown): GssMajor | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof GssError) return error.major;
    throw error;
  }
}

export interface CapturedToken {
  readonly from: 'initiator' | 'acceptor';
  readonly kind: 'sealed' | 'signed' | 'mic';
  readonly sequence: number;
  readonly token: string;
}

export interface CapturedContext {
  readonly etype: number;
  readonly dceStyle: boolean;
  readonly key: string;
  readonly acceptorKey?: string;
  readonly initiatorSequence: number;
  readonly acceptorSequence: number;
  readonly tokens: readonly CapturedToken[];
  readonly prf?: readonly { readonly partial: boolean; readonly output: string }[];
}

interface Captured {
  readonly message: string;
  readonly prfInput: string;
  readonly contexts: readonly CapturedContext[];
}

/** What MIT's library has made. */
export function captured(): Captured {
  const file = new URL('../vectors/mit-gss-tokens.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The session of a captured context, from whose exchange only these values are left. */
export function sessionOfCaptured(context: CapturedContext, changes: Partial<ApSession> = {}): ApSession {
  const { etype, key, acceptorKey, initiatorSequence, acceptorSequence } = context;
  return sessionOf(etype, {
    initiatorSubkey: importKey(etype, unhex(key)),
    acceptorSubkey: acceptorKey === undefined ? undefined : importKey(etype, unhex(acceptorKey)),
    initiatorSequence,
    acceptorSequence,
    ...changes,
  });
}

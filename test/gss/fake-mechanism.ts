import { createHmac, timingSafeEqual } from 'node:crypto';
import { bytesToText } from '../../src/codec/text.ts';
import type { ContextFlags, SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

export interface FakeMechanism {
  /** How many tokens are sent to and fro until both sides are through. */
  readonly legs: number;
  readonly name?: string;
  readonly integrity?: boolean;
  /** The leg at which the side that receives it refuses, with an error token. */
  readonly refuses?: number;
}

/** One side of a mechanism that only counts its legs, with MICs that show who made them and in which order. */
export function fakeContext(side: 'initiator' | 'acceptor', options: FakeMechanism): SecurityContext {
  const { legs, name = 'fake', integrity = true } = options;
  let leg = 0;
  const numbers = { sent: 0, received: 0 };
  const vouch = (maker: string, number: number, message: Uint8Array) =>
    new Uint8Array(createHmac('sha256', name).update(`${maker} ${number} ${leg}`).update(message).digest());
  const other = side === 'initiator' ? 'acceptor' : 'initiator';
  const context: SecurityContext = {
    async step(token) {
      const first = side === 'initiator' && leg === 0;
      if (!first) {
        leg++;
        const text = token === undefined ? '' : bytesToText(token);
        if (text.startsWith('error ')) throw new GssError('UNAUTHORIZED', text);
        if (text !== `${name} ${leg}`) throw new GssError('DEFECTIVE_TOKEN', 'another token');
        if (options.refuses === leg) {
          throw new GssError('UNAUTHORIZED', 'refused', { token: ascii(`error ${leg}`) });
        }
      }
      if (leg === legs) return undefined;
      leg++;
      return ascii(`${name} ${leg}`);
    },
    get established() {
      return leg === legs;
    },
    get info() {
      const alice = parsePrincipal('alice@A.TEST');
      const flags = { integrity } as ContextFlags;
      return { initiator: alice, acceptor: alice, flags, mechanism: name, endtime: new Date(0) };
    },
    wrap: message => message,
    unwrap: token => ({ message: token, sealed: false }),
    mic: message => vouch(side, numbers.sent++, message),
    verifyMic(message, token) {
      const expected = vouch(other, numbers.received++, message);
      if (token.length !== expected.length || !timingSafeEqual(token, expected)) {
        throw new GssError('BAD_MIC', 'another MIC');
      }
    },
    wrapSizeLimit: size => size,
    prf: (input, length) => input.subarray(0, length),
  };
  return context;
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

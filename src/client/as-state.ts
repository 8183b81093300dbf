import type { Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import {
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_PREAUTH_REQUIRED,
  KRB_AP_ERR_SKEW,
} from '../messages/error-codes.ts';
import type { KdcError } from '../messages/krb-error.ts';
import { PA_FX_COOKIE } from '../messages/numbers.ts';
import type { Principal } from '../messages/principal.ts';
import { MethodData, type PaData } from '../messages/types.ts';
import { findHints, type KeyHints, namesEnctypes } from '../preauth/hints.ts';
import type { PreauthContext, PreauthMechanism, PreauthSession } from '../preauth/mechanism.ts';
import { mechanisms } from '../preauth/mechanisms.ts';
import type { Trace } from '../trace.ts';
import { type Exchange, shifted } from './options.ts';
import type { ClientKeys } from './secret.ts';

/** A KDC that is further off than a year is not to be gone by; its word is nobody's yet. */
const FAR_OFF_MS = 366 * 86_400_000;
/** Below this, whole seconds and the way of the message are all that two clocks differ by. */
const SAME_TIME_MS = 1500;

/** What one AS exchange remembers from round to round; mechanisms see it as their context. */
export class AsState implements PreauthContext {
  readonly client: Principal;
  readonly keys: ClientKeys;
  readonly exchange: Exchange;
  readonly trace: Trace;
  /** The mechanism in use, once the KDC asked for one. */
  mechanism: PreauthMechanism | undefined;
  private readonly enctypes: readonly number[];
  private session: PreauthSession | undefined;
  private hints: KeyHints | undefined;
  private offers: readonly PaData[] = [];
  private offset = 0;
  private clockCorrected = false;

  constructor(client: Principal, keys: ClientKeys, enctypes: readonly number[], exchange: Exchange) {
    this.client = client;
    this.keys = keys;
    this.enctypes = enctypes;
    this.exchange = exchange;
    this.trace = exchange.trace;
  }

  now(): Date {
    return shifted(this.exchange.clock, this.offset);
  }

  clientKey(): Promise<Key> {
    if (this.hints === undefined) {
      throw new KerberosError(
        'ENCTYPE_UNSUPPORTED',
        'The KDC names no encryption type that is permitted here',
      );
    }
    return this.keys.key(this.hints);
  }

  /** The padata that answers a KDC's error; throws the error, or what it means, where nothing can. */
  async answer(error: KdcError): Promise<readonly PaData[]> {
    if (this.mechanism !== undefined) return this.answerRefusal(error);
    if (error.errorCode !== KDC_ERR_PREAUTH_REQUIRED) throw error;
    this.offers = error.reply.eData === undefined ? [] : MethodData.decode(error.reply.eData);
    this.mechanism = mechanisms.find(({ padataType }) =>
      this.offers.some(offer => offer.padataType === padataType),
    );
    if (this.mechanism === undefined) throw nothingToOffer(this.offers, error);
    this.trace(`Using preauthentication mechanism ${this.mechanism.padataType} (${this.mechanism.name})`);
    this.learnClock(error);
    const first = this.enctypes[0];
    this.hints = findHints(this.offers, this.enctypes, { client: this.client, etype: first });
    this.session = this.mechanism.begin(this);
    return this.step();
  }

  /** The key of an AS-REP: by what its padata says, or else by what the KDC said before. */
  replyKey(padata: readonly PaData[], etype: number): Promise<Key> {
    this.hints = findHints([...padata, ...this.offers], [etype], { client: this.client, etype });
    return this.session === undefined ? this.clientKey() : this.session.replyKey();
  }

  private answerRefusal(error: KdcError): Promise<readonly PaData[]> {
    if (error.errorCode === KDC_ERR_PREAUTH_FAILED) throw this.keys.rejected(error);
    if (error.errorCode !== KRB_AP_ERR_SKEW || this.clockCorrected) throw error;
    this.clockCorrected = true;
    this.learnClock(error);
    return this.step();
  }

  private async step(): Promise<readonly PaData[]> {
    const offer = this.offers.find(({ padataType }) => padataType === this.mechanism?.padataType);
    const cookies = this.offers.filter(({ padataType }) => padataType === PA_FX_COOKIE);
    return [...cookies, ...(await this.session!.step(offer?.padataValue ?? new Uint8Array(0)))];
  }

  /** Nobody vouches for the time in an error, so it goes only into what the KDC itself will judge. */
  private learnClock({ reply }: KdcError): void {
    const offset = reply.stime.getTime() + Math.floor(reply.susec / 1000) - this.exchange.clock().getTime();
    const apart = Math.abs(offset);
    this.offset = apart < SAME_TIME_MS || apart > FAR_OFF_MS ? 0 : offset;
    if (this.offset !== 0) this.trace(`The KDC's clock differs from ours by ${Math.round(offset / 1000)} s`);
  }
}

/** The error for a KDC that asks for more than we have; what it offers tells why. */
function nothingToOffer(offers: readonly PaData[], cause: KdcError): KerberosError {
  const why = offers.some(namesEnctypes)
    ? 'the KDC offers no mechanism that is supported here'
    : "the KDC has no key of the client's of an encryption type that is permitted here";
  return new KerberosError('PREAUTH_FAILED', `Additional pre-authentication required: ${why}`, { cause });
}

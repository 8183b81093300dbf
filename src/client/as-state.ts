import type { Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import {
  KDC_ERR_MORE_PREAUTH_DATA_REQUIRED,
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_PREAUTH_REQUIRED,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_SKEW,
} from '../messages/error-codes.ts';
import { KdcReqBody } from '../messages/kdc-req.ts';
import { KdcError } from '../messages/krb-error.ts';
import type { Principal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';
import type { Armor } from '../preauth/armor.ts';
import { findHints, type KeyHints } from '../preauth/hints.ts';
import type { Exchanged, MechanismRow, PreauthContext, PreauthSession } from '../preauth/mechanism.ts';
import { mechanismsInOrder } from '../preauth/mechanisms.ts';
import { modified } from '../preauth/modified.ts';
import type { PkinitOptions } from '../preauth/pkinit-options.ts';
import type { Trace } from '../trace.ts';
import { tellHints, tellOffers } from './as-telling.ts';
import { KdcClock } from './kdc-clock.ts';
import { cookiesIn, dataOf, methodData, nothingToOffer } from './method-data.ts';
import type { Exchange } from './options.ts';
import type { ClientKeys } from './secret.ts';

/** What a KDC says of data that another key than the client's has made; Heimdal's says the second. */
const KEY_REFUSED = [KDC_ERR_PREAUTH_FAILED, KRB_AP_ERR_BAD_INTEGRITY];

/** What mechanisms may do, and what they need for it. */
export interface PreauthWishes {
  /** Types of pre-authentication data to try before others, best first. */
  readonly preferredPreauthTypes?: readonly number[] | undefined;
  /** The groups for SPAKE, best first, by their names in krb5.conf; edwards25519 if not given. */
  readonly spakeGroups?: readonly string[] | undefined;
  /** Asks the user for a one-time password or a PIN; mechanisms that need one are left alone if not given. */
  readonly ask?: ((prompt: string) => Promise<string>) | undefined;
  /** The client's certificate and what its KDC's is checked by; PKINIT is left alone if not given. */
  readonly pkinit?: PkinitOptions | undefined;
}

/** One conversation with the KDC of one realm. */
export interface AsConversation {
  readonly client: Principal;
  readonly keys: ClientKeys;
  readonly enctypes: readonly number[];
  readonly armor: Armor;
  readonly wishes: PreauthWishes;
  /** Makes the body of a request sent at this time. */
  makeBody(now: Date): KdcReqBody;
}

/** What one AS conversation remembers from round to round; mechanisms see it as their context. */
export class AsState implements PreauthContext {
  readonly keys: ClientKeys;
  readonly exchange: Exchange;
  readonly trace: Trace;
  /** What the cache is to remember. */
  readonly notes = new Map<string, string>();
  /** The mechanism in use, once the KDC asked for one. */
  mechanism: MechanismRow | undefined;
  private readonly conversation: AsConversation;
  private readonly kdcClock: KdcClock;
  private session: PreauthSession | undefined;
  private made: AsRequestBody | undefined;
  private hints: KeyHints | undefined;
  /** What the KDC said when it asked for a mechanism, and what it says now. */
  private choice: readonly PaData[] = [];
  private said: readonly PaData[] = [];
  private cookies: readonly PaData[] = [];
  /** The error that the mechanism may know another answer to. */
  private refused: KdcError | undefined;
  private readonly tried = new Set<number>();
  private keyIsUsed = false;
  private othersForbidden = false;
  private clockCorrected = false;

  constructor(conversation: AsConversation, exchange: Exchange) {
    this.conversation = conversation;
    this.keys = conversation.keys;
    this.exchange = exchange;
    this.trace = exchange.trace;
    this.kdcClock = new KdcClock(exchange);
  }

  get client(): Principal {
    return this.conversation.client;
  }

  get armorKey(): Key | undefined {
    return this.conversation.armor.key;
  }

  get reqBody(): Uint8Array {
    return this.request().reqBody;
  }

  get offers(): readonly PaData[] {
    return this.said;
  }

  get spakeGroups(): readonly string[] | undefined {
    return this.conversation.wishes.spakeGroups;
  }

  get ask(): PreauthContext['ask'] {
    return this.conversation.wishes.ask;
  }

  get pkinit(): PkinitOptions | undefined {
    return this.conversation.wishes.pkinit;
  }

  clock(): Date {
    return this.exchange.clock();
  }

  now(): Date {
    return this.kdcClock.now();
  }

  async clientKey(): Promise<Key> {
    if (this.hints === undefined) {
      throw new KerberosError(
        'ENCTYPE_UNSUPPORTED',
        'The KDC names no encryption type that is permitted here',
      );
    }
    this.keyIsUsed = true;
    return this.keys.key(this.hints);
  }

  forbidOthers(): void {
    this.othersForbidden = true;
  }

  note(key: string, value: string): void {
    this.notes.set(key, value);
  }

  /** The body of this round's request; made when first asked for, for what a mechanism waits for may take its time. */
  request(): AsRequestBody {
    if (this.made === undefined) {
      const body = this.conversation.makeBody(this.now());
      this.made = { body, reqBody: KdcReqBody.encode(body) };
    }
    return this.made;
  }

  /** The padata of the next request: what answers the KDC's last word, if there was one. */
  async padata(): Promise<readonly PaData[]> {
    this.made = undefined;
    while (this.mechanism !== undefined) {
      try {
        return [...this.cookies, ...(await this.answer(this.mechanism))];
      } catch (error) {
        if (!isPreauthFailure(error)) throw error;
        const { padataType } = this.mechanism;
        const reason = error.message;
        this.trace(`Preauthentication mechanism ${padataType} cannot go on: ${reason}`, {
          kind: 'mechanism-failed',
          padataType,
          reason,
        });
        this.tryAnother(error);
      }
    }
    return [];
  }

  /** Takes in a KDC's error; throws it, or what it means, where nothing can answer it. */
  hear(error: KdcError): void {
    this.cookies = cookiesIn(error) ?? this.cookies;
    if (error.errorCode === KDC_ERR_PREAUTH_REQUIRED) {
      this.choice = this.said = methodData(error);
      tellOffers(this.trace, this.said);
      this.kdcClock.learn(error);
      this.learnHints();
      this.tryAnother(error);
    } else if (this.mechanism === undefined) {
      throw error;
    } else if (error.errorCode === KDC_ERR_MORE_PREAUTH_DATA_REQUIRED) {
      this.said = methodData(error);
      tellOffers(this.trace, this.said);
      if (!this.isOffered(this.mechanism, this.said)) throw error;
      this.learnHints();
    } else if (error.errorCode === KRB_AP_ERR_SKEW && !this.clockCorrected) {
      this.clockCorrected = true;
      this.kdcClock.learn(error);
    } else {
      this.hearRefusal(error);
    }
  }

  /** The key that the exchange made for an AS-REP: by what its padata say, or else by what the KDC said before. */
  async replyKey(padata: readonly PaData[], exchanged: Exchanged): Promise<Key> {
    const { etype } = exchanged;
    const { client, mechanism, session } = this;
    this.hints = findHints([...padata, ...this.said, ...this.choice], [etype], { client, etype });
    tellHints(this.trace, padata, { hints: this.hints, client });
    if (mechanism === undefined || session === undefined) return this.clientKey();
    this.note('pa_type', String(mechanism.padataType));
    return session.replyKey(dataOf(mechanism.replyType ?? mechanism.padataType, padata), exchanged);
  }

  /** The error for a reply that the key does not open. */
  rejected(cause?: unknown): KerberosError {
    const itsOwnKey = this.mechanism !== undefined && !this.keyIsUsed;
    return itsOwnKey ? modified('a key that is not the one agreed on') : this.keys.rejected(cause);
  }

  private async answer(mechanism: MechanismRow): Promise<readonly PaData[]> {
    this.session ??= (await mechanism.load()).begin(this);
    if (this.refused === undefined) {
      return this.session.step(dataOf(mechanism.padataType, this.said) ?? new Uint8Array(0));
    }
    const error = this.refused;
    this.refused = undefined;
    const another = await this.session.again?.(error);
    if (another === undefined) throw error;
    return another;
  }

  private hearRefusal(error: KdcError): void {
    if (this.session?.again !== undefined) {
      this.refused = error;
    } else if (this.keyIsUsed && KEY_REFUSED.includes(error.errorCode)) {
      throw this.keys.rejected(error);
    } else if (error.errorCode === KDC_ERR_PREAUTH_FAILED) {
      this.tryAnother(error);
    } else {
      throw error;
    }
  }

  /**
   * Turns to the next mechanism that the KDC offers. Once one has used the client's key there is no other: what made it
   * fail may be somebody who wants to see a weaker one.
   */
  private tryAnother(error: KerberosError): void {
    if (this.keyIsUsed || this.othersForbidden) throw error;
    const next = mechanismsInOrder(this.conversation.wishes.preferredPreauthTypes).find(
      row => !this.tried.has(row.padataType) && this.isOffered(row, this.choice),
    );
    if (next === undefined) throw this.tried.size === 0 ? nothingToOffer(this.choice, error) : error;
    this.tried.add(next.padataType);
    this.mechanism = next;
    this.session = undefined;
    const { padataType, name } = next;
    this.trace(`Using preauthentication mechanism ${padataType} (${name})`, {
      kind: 'mechanism',
      padataType,
      name,
    });
  }

  private isOffered(row: MechanismRow, padata: readonly PaData[]): boolean {
    if (row.armored && this.armorKey === undefined) return false;
    return dataOf(row.padataType, padata) !== undefined && (row.usable?.(this) ?? true);
  }

  private learnHints(): void {
    const { enctypes, client } = this.conversation;
    const padata = [...this.said, ...this.choice];
    this.hints = findHints(padata, enctypes, { client, etype: enctypes[0] });
    tellHints(this.trace, padata, { hints: this.hints, client });
  }
}

/** A KDC-REQ-BODY and its DER. */
export interface AsRequestBody {
  readonly body: KdcReqBody;
  readonly reqBody: Uint8Array;
}

function isPreauthFailure(error: unknown): error is KerberosError {
  if (error instanceof KdcError) return error.errorCode === KDC_ERR_PREAUTH_FAILED;
  return error instanceof KerberosError && error.code === 'PREAUTH_FAILED';
}

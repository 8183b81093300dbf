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
import type { PkinitOptions } from '../preauth/pkinit/options.ts';
import type { Trace } from '../trace.ts';
import { tellHints, tellOffers } from './as-telling.ts';
import { KdcClock } from './kdc-clock.ts';
import { cookiesIn, dataOf, methodData, nothingToOffer } from './method-data.ts';
import type { Exchange } from './options.ts';
import type { ClientKeys } from './secret.ts';

/** The errors for pre-authentication data that were made with a wrong key; the second is Heimdal's. */
const KEY_REFUSED = [KDC_ERR_PREAUTH_FAILED, KRB_AP_ERR_BAD_INTEGRITY];

/** What the caller permits and provides for pre-authentication. */
export interface PreauthWishes {
  /** Types of pre-authentication data to try before others, the preferred first. */
  readonly preferredPreauthTypes?: readonly number[] | undefined;
  /** The realms whose clients are to send no encrypted timestamp, wherever they are referred to; none if not given. */
  readonly forbidsTimestamp?: ((realm: string) => boolean) | undefined;
  /** The groups for SPAKE, the preferred first, by their names in krb5.conf; edwards25519 if not given. */
  readonly spakeGroups?: readonly string[] | undefined;
  /** Asks the user for a one-time password or a PIN; without it, mechanisms that need one are not used. */
  readonly ask?: ((prompt: string) => Promise<string>) | undefined;
  /** The client's certificate and what to verify the KDC's with; without it, PKINIT is not used. */
  readonly pkinit?: PkinitOptions | undefined;
}

/** One conversation with the KDC of one realm. */
export interface AsConversation {
  readonly client: Principal;
  readonly keys: ClientKeys;
  readonly enctypes: readonly number[];
  readonly armor: Armor;
  readonly wishes: PreauthWishes;
  /** Makes the body of a request sent at the time `now`. */
  makeBody(now: Date): KdcReqBody;
}

/** The state of an AS conversation from round to round; mechanisms see it as their context. */
export class AsState implements PreauthContext {
  readonly keys: ClientKeys;
  readonly exchange: Exchange;
  readonly trace: Trace;
  /** What the cache is to record about the ticket. */
  readonly notes = new Map<string, string>();
  /** The mechanism in use, once the KDC has asked for one. */
  mechanism: MechanismRow | undefined;
  private readonly conversation: AsConversation;
  private readonly kdcClock: KdcClock;
  private session: PreauthSession | undefined;
  private made: AsRequestBody | undefined;
  private hints: KeyHints | undefined;
  /** What the KDC offered when the mechanism was chosen, and what it offers now. */
  private choice: readonly PaData[] = [];
  private said: readonly PaData[] = [];
  private cookies: readonly PaData[] = [];
  /** The error to which the mechanism may have another answer. */
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

  get timestampIsForbidden(): boolean {
    const { client, wishes } = this.conversation;
    return wishes.forbidsTimestamp?.(client.realm) ?? false;
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

  /** The body of this round's request; made when first needed, because what a mechanism waits for may take long. */
  request(): AsRequestBody {
    if (this.made === undefined) {
      const body = this.conversation.makeBody(this.now());
      this.made = { body, reqBody: KdcReqBody.encode(body) };
    }
    return this.made;
  }

  /** The padata of the next request, in answer to the KDC's last message, if there was one. */
  async padata(): Promise<readonly PaData[]> {
    this.made = undefined;
    while (this.mechanism !== undefined) {
      try {
        return [...this.cookies, ...(await this.answer(this.mechanism))];
      } catch (error) {
        if (!isPreauthFailure(error)) throw error;
        const { padataType } = this.mechanism;
        const reason = error instanceof KdcError ? error.errorName : error.message;
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

  /** Handles a KDC's error; throws it, or a more specific one, if there is no answer to it. */
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

  /** The key of the AS-REP: from its padata, or else from what the KDC said before. */
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
   * Turns to the next mechanism that the KDC offers. Once one has used the client's key, there is no other: the failure
   * may be caused by somebody who wants a weaker mechanism to be used.
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

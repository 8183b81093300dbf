import { Int32, OctetString } from '../../codec/der/primitives.ts';
import { explicit, sequence } from '../../codec/der/schema.ts';
import type { Key } from '../../crypto/key.ts';
import { CodecError, IntegrityError } from '../../errors.ts';
import { KDC_ERR_MORE_PREAUTH_DATA_REQUIRED } from '../../messages/error-codes.ts';
import { PRE_AUTHENT } from '../../messages/flags.ts';
import { KU_SPAKE, PA_SPAKE } from '../../messages/numbers.ts';
import { unseal } from '../../messages/seal.ts';
import { PaSpake, SF_NONE, type SpakeResponse, SpakeSecondFactor } from '../../messages/spake.ts';
import { MethodData } from '../../messages/types.ts';
import type { SpakeGroup } from '../../preauth/spake/group.ts';
import { spakeGroups } from '../../preauth/spake/groups.ts';
import { extendTranscript, openSecret, type SpakeSecret, spakeKeys } from '../../preauth/spake/keys.ts';
import { clientHints } from '../client-hints.ts';
import { Refusal } from '../refusal.ts';
import { ReplayTable } from '../replays.ts';
import { MAX_COOKIE_AGE_MS, openCookie, sealCookie } from './cookie.ts';
import type { KdcPreauth, PreauthRequest, Proof } from './mechanism.ts';

/** What the KDC must know about its challenge when the response arrives. */
const ChallengeState = sequence('ChallengeState', {
  group: explicit(0, Int32),
  scalar: explicit(1, OctetString),
  /** The transcript hash of the client's support message and the challenge. */
  transcript: explicit(2, OctetString),
});

/** Fast groups: anybody can ask for a challenge. */
const DEFAULT_GROUPS: readonly string[] = ['edwards25519', 'P-256'];

interface KdcSpakeOptions {
  /** The groups from which clients may choose, by their names in krb5.conf; edwards25519 and P-256 if not given. */
  readonly groups?: readonly string[] | undefined;
}

/**
 * RFC 9588 with a choice of groups, without a second factor. A challenge can be answered once, so that it yields
 * neither a second guess at the password nor another reply.
 */
export function openSpake({ groups = DEFAULT_GROUPS }: KdcSpakeOptions = {}): KdcPreauth {
  const offered = spakeGroups.filter(({ name }) => groups.includes(name));
  const answered = new ReplayTable(MAX_COOKIE_AGE_MS);
  // Anybody can ask for a challenge: without this cache, each would cost another multiplication. The keys belong to the
  // database.
  const secrets = new WeakMap<Key, Map<SpakeGroup, SpakeSecret>>();
  return {
    padataType: PA_SPAKE,
    byPassword: true,
    verify(padataValue, request) {
      try {
        const { support, response } = PaSpake.decode(padataValue);
        if (support !== undefined) return challenge(support.groups, padataValue, request);
        return response && verifyResponse(response, request);
      } catch (error) {
        if (error instanceof IntegrityError || error instanceof CodecError) return undefined;
        throw error;
      }
    },
  };

  /**
   * Throws the `Refusal` that contains the challenge; returns undefined if none of the client's groups is supported.
   */
  function challenge(supported: readonly number[], support: Uint8Array, request: PreauthRequest): undefined {
    const group = supported.flatMap(number => find(number) ?? [])[0];
    if (group === undefined) return undefined;
    const { client, key } = request;
    const scalar = group.randomScalar();
    const pubkey = group.publicKey('kdc', secretOf(key, group).masks, scalar);
    const message = PaSpake.encode({
      challenge: { group: group.number, pubkey, factors: [{ type: SF_NONE }] },
    });
    const transcript = extendTranscript(group, undefined, support, message);
    const state = ChallengeState.encode({ group: group.number, scalar, transcript });
    const cookie = sealCookie(PA_SPAKE, state, request);
    scalar.fill(0);
    state.fill(0);
    const eData = MethodData.encode([
      ...clientHints(client, [key.etype]),
      { padataType: PA_SPAKE, padataValue: message },
      cookie,
    ]);
    throw new Refusal(KDC_ERR_MORE_PREAUTH_DATA_REQUIRED, 'NEEDED_PREAUTH', eData);
  }

  function verifyResponse({ pubkey, factor }: SpakeResponse, request: PreauthRequest): Proof | undefined {
    const cookie = openCookie(PA_SPAKE, request);
    if (cookie === undefined || !answered.admit(cookie.sealed, request.exchange.now)) return undefined;
    const { scalar, ...state } = ChallengeState.decode(cookie.state);
    const group = find(state.group);
    if (group === undefined) return undefined;
    const { key, reqBody } = request;
    const transcript = extendTranscript(group, state.transcript, pubkey);
    const keys = spakeKeys('kdc', {
      secret: secretOf(key, group),
      scalar,
      peerKey: pubkey,
      transcript,
      reqBody,
    });
    scalar.fill(0);
    const { type } = unseal(SpakeSecondFactor, factor, keys.factor, KU_SPAKE);
    return type === SF_NONE ? { flags: PRE_AUTHENT, replyKey: keys.reply } : undefined;
  }

  function secretOf(key: Key, group: SpakeGroup): SpakeSecret {
    const known = secrets.get(key) ?? new Map<SpakeGroup, SpakeSecret>();
    const secret = known.get(group) ?? openSecret(key, group);
    secrets.set(key, known.set(group, secret));
    return secret;
  }

  function find(number: number): SpakeGroup | undefined {
    return offered.find(group => group.number === number);
  }
}

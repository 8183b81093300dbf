import type { Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import { KU_SPAKE, PA_SPAKE } from '../messages/numbers.ts';
import { seal } from '../messages/seal.ts';
import { PaSpake, SF_NONE, type SpakeChallenge, SpakeSecondFactor } from '../messages/spake.ts';
import type { PaData } from '../messages/types.ts';
import type { PreauthContext, PreauthMechanism, PreauthSession } from './mechanism.ts';
import { modified } from './modified.ts';
import type { SpakeGroup } from './spake/group.ts';
import { groupsNamed } from './spake/groups.ts';
import { extendTranscript, openSecret, spakeKeys } from './spake/keys.ts';

const DEFAULT_GROUPS = ['edwards25519'];

/** RFC 9588: a key exchange that shows nobody, who listens or takes part, anything to try passwords on. */
export const spake: PreauthMechanism = {
  name: 'SPAKE',
  padataType: PA_SPAKE,
  begin: context => new SpakeSession(context),
};

/** Support, if there is no challenge yet, and one response: whatever else the KDC wants is refused. */
class SpakeSession implements PreauthSession {
  private readonly context: PreauthContext;
  private readonly groups: readonly SpakeGroup[];
  /** What we said of our groups; none if the KDC's first challenge suited us. */
  private support: Uint8Array | undefined;
  private key: Key | undefined;

  constructor(context: PreauthContext) {
    this.context = context;
    this.groups = groupsNamed(context.spakeGroups ?? DEFAULT_GROUPS, context.trace);
  }

  async step(offered: Uint8Array): Promise<readonly PaData[]> {
    if (this.groups.length === 0) throw failure('spake_preauth_groups names no group that is known here');
    if (this.key !== undefined) throw modified('another SPAKE message after the last one');
    if (offered.length === 0) return this.sendSupport('SPAKE once more, without a challenge');
    const { challenge } = PaSpake.decode(offered);
    if (challenge === undefined) throw modified('a SPAKE message out of turn');
    const group = this.groups.find(({ number }) => number === challenge.group);
    // A first challenge is a guess of the KDC's, which has not heard of our groups.
    if (group === undefined) return this.sendSupport('a SPAKE group that was not offered');
    this.context.trace(`SPAKE challenge received with group ${group.name}`);
    return this.respond(group, challenge, offered);
  }

  replyKey(): Promise<Key> {
    if (this.key === undefined) return Promise.reject(modified('a ticket before SPAKE came to its end'));
    return Promise.resolve(this.key);
  }

  /** Only once: `insistence` is what is wrong with a KDC that has heard it already. */
  private sendSupport(insistence: string): readonly PaData[] {
    if (this.support !== undefined) throw modified(insistence);
    const groups = this.groups.map(({ number }) => number);
    this.support = PaSpake.encode({ support: { groups } });
    this.context.trace(`Sending SPAKE support message for ${this.groups.map(({ name }) => name).join(', ')}`);
    return [{ padataType: PA_SPAKE, padataValue: this.support }];
  }

  private async respond(
    group: SpakeGroup,
    { pubkey, factors }: SpakeChallenge,
    challenge: Uint8Array,
  ): Promise<readonly PaData[]> {
    if (!factors.some(({ type }) => type === SF_NONE)) {
      throw failure('The KDC wants a second factor, of a kind that is not supported here');
    }
    const secret = openSecret(await this.context.clientKey(), group);
    const scalar = group.randomScalar();
    const opening = this.support === undefined ? [challenge] : [this.support, challenge];
    const opened = extendTranscript(group, undefined, ...opening);
    const { reqBody } = this.context;
    try {
      const own = group.publicKey('client', secret.masks, scalar);
      const transcript = extendTranscript(group, opened, own);
      const keys = spakeKeys('client', { secret, scalar, peerKey: pubkey, transcript, reqBody });
      this.key = keys.reply;

      this.context.trace('Sending SPAKE response');
      const factor = seal(SpakeSecondFactor, { type: SF_NONE }, keys.factor, KU_SPAKE);
      const response = PaSpake.encode({ response: { pubkey: own, factor } });
      return [{ padataType: PA_SPAKE, padataValue: response }];
    } finally {
      scalar.fill(0);
      secret.w.fill(0);
    }
  }
}

function failure(message: string): KerberosError {
  return new KerberosError('PREAUTH_FAILED', message);
}

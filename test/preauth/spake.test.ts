import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { importKey, type Key } from '../../src/crypto/key.ts';
import { CodecError, KerberosError } from '../../src/errors.ts';
import { KU_SPAKE, PA_SPAKE } from '../../src/messages/numbers.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { unseal } from '../../src/messages/seal.ts';
import { PaSpake, SF_NONE, SpakeSecondFactor } from '../../src/messages/spake.ts';
import type { PaData } from '../../src/messages/types.ts';
import type { PreauthContext, PreauthSession } from '../../src/preauth/mechanism.ts';
import type { SpakeGroup, SpakeMasks } from '../../src/preauth/spake/group.ts';
import { spakeGroups } from '../../src/preauth/spake/groups.ts';
import { deriveSpakeKey, deriveW, extendTranscript } from '../../src/preauth/spake/keys.ts';
import { spake } from '../../src/preauth/spake.ts';
import { hex } from '../crypto/support.ts';

const KEY = importKey(18, new Uint8Array(32).fill(7));
const OTHER_KEY = importKey(18, new Uint8Array(32).fill(8));
const NOTHING = new Uint8Array(0);
const [edwards25519, p256, p384, p521] = spakeGroups as [SpakeGroup, SpakeGroup, SpakeGroup, SpakeGroup];

let trace: string[];
let keysAsked: number;
let reqBody: Uint8Array;

beforeEach(() => {
  trace = [];
  keysAsked = 0;
  reqBody = Buffer.from('the body of the first request');
});

function begin(groups?: readonly string[]): PreauthSession {
  const context: PreauthContext = {
    client: parsePrincipal('alice@A.TEST'),
    get reqBody() {
      return reqBody;
    },
    armorKey: undefined,
    spakeGroups: groups,
    offers: [],
    pkinit: undefined,
    ask: undefined,
    now: () => new Date(0),
    clock: () => new Date(0),
    clientKey() {
      keysAsked++;
      return Promise.resolve(KEY);
    },
    note: () => undefined,
    forbidOthers: () => undefined,
    trace: line => trace.push(line),
  };
  return spake.begin(context);
}

/** A KDC that has challenged. */
class Challenger {
  readonly group: SpakeGroup;
  readonly message: Uint8Array;
  private readonly key: Key;
  private readonly w: Uint8Array;
  private readonly masks: SpakeMasks;
  private readonly x: Uint8Array;

  constructor(group: SpakeGroup, { key = KEY, factors = [SF_NONE] } = {}) {
    this.group = group;
    this.key = key;
    this.w = deriveW(key, group);
    this.masks = group.masks(this.w);
    this.x = group.randomScalar();
    const pubkey = group.publicKey('kdc', this.masks, this.x);
    this.message = PaSpake.encode({
      challenge: { group: group.number, pubkey, factors: factors.map(type => ({ type })) },
    });
  }

  /** The reply key, if the response proves the client; `support` is what was said before the challenge. */
  accept(padata: readonly PaData[], support: Uint8Array = NOTHING): Uint8Array {
    const { response } = PaSpake.decode(only(padata));
    const { group, key: initialKey, w } = this;
    const opened = extendTranscript(group, undefined, support, this.message);
    const outcome = {
      group,
      initialKey,
      w,
      sharedKey: group.sharedKey('kdc', this.masks, this.x, response!.pubkey),
      transcript: extendTranscript(group, opened, response!.pubkey),
      reqBody,
    };
    const factor = unseal(SpakeSecondFactor, response!.factor, deriveSpakeKey(outcome, 1), KU_SPAKE);
    expect(factor).toEqual({ type: SF_NONE, data: undefined });
    return deriveSpakeKey(outcome, 0).bytes;
  }
}

/** The value of the one PA-SPAKE. */
function only(padata: readonly PaData[]): Uint8Array {
  expect(padata.map(({ padataType }) => padataType)).toEqual([PA_SPAKE]);
  return padata[0]!.padataValue;
}

async function replyKey(session: PreauthSession): Promise<string> {
  return hex(
    (await session.replyKey(undefined, { request: NOTHING, opens: () => true, etype: KEY.etype })).bytes,
  );
}

const modified = expect.objectContaining({ code: 'REPLY_MODIFIED' });

describe('a KDC that offers SPAKE', () => {
  it('is told of edwards25519, without a password being asked for', async () => {
    const { support } = PaSpake.decode(only(await begin().step(NOTHING)));
    expect(support).toEqual({ groups: [1] });
    expect(keysAsked).toBe(0);
  });

  it("is told of krb5.conf's groups in their order", async () => {
    const { support } = PaSpake.decode(only(await begin(['P-521', 'nope', 'P-256']).step(NOTHING)));
    expect(support).toEqual({ groups: [4, 2] });
    expect(trace).toContain('Unrecognized SPAKE group name: nope');
  });

  it('is not answered where krb5.conf names no group that is known', async () => {
    await expect(begin(['nope']).step(NOTHING)).rejects.toMatchObject({
      code: 'PREAUTH_FAILED',
      message: 'spake_preauth_groups names no group that is known here',
    });
  });

  it.each([edwards25519, p256, p384, p521])('agrees on a key in $name', async group => {
    const session = begin([group.name]);
    const support = only(await session.step(NOTHING));
    reqBody = Buffer.from('the body of the second request');
    const kdc = new Challenger(group);
    const key = kdc.accept(await session.step(kdc.message), support);
    expect(await replyKey(session)).toBe(hex(key));
  });
});

describe('a KDC that challenges at once', () => {
  it('is answered at once in a group that is allowed', async () => {
    const session = begin(['P-384', 'P-256']);
    const kdc = new Challenger(p256);
    const key = kdc.accept(await session.step(kdc.message));
    expect(await replyKey(session)).toBe(hex(key));
  });

  it('is told of the groups where its own is not allowed, and its first challenge is forgotten', async () => {
    const session = begin(['P-256']);
    const support = only(await session.step(new Challenger(p521).message));
    expect(PaSpake.decode(support).support).toEqual({ groups: [2] });
    const kdc = new Challenger(p256);
    const key = kdc.accept(await session.step(kdc.message), support);
    expect(await replyKey(session)).toBe(hex(key));
  });
});

describe('a KDC is refused', () => {
  it('that chooses a group that was not offered to it', async () => {
    const session = begin(['P-256']);
    await session.step(NOTHING);
    await expect(session.step(new Challenger(edwards25519).message)).rejects.toEqual(modified);
    expect(keysAsked).toBe(0);
  });

  it('that insists on a group that is not allowed', async () => {
    const session = begin(['P-256']);
    await session.step(new Challenger(p521).message);
    await expect(session.step(new Challenger(p521).message)).rejects.toEqual(modified);
  });

  it('that offers again without a challenge', async () => {
    const session = begin();
    await session.step(NOTHING);
    await expect(session.step(NOTHING)).rejects.toEqual(modified);
  });

  it('that wants a second factor', async () => {
    const kdc = new Challenger(edwards25519, { factors: [2, 77] });
    await expect(begin().step(kdc.message)).rejects.toMatchObject({
      code: 'PREAUTH_FAILED',
      message: 'The KDC wants a second factor, of a kind that is not supported here',
    });
    expect(keysAsked).toBe(0);
  });

  it('that sends what is not its turn', async () => {
    const factor = { etype: 18, cipher: new Uint8Array(40) };
    for (const message of [
      PaSpake.encode({ support: { groups: [1] } }),
      PaSpake.encode({ response: { pubkey: new Uint8Array(32), factor } }),
      PaSpake.encode({ encdata: factor }),
    ]) {
      await expect(begin().step(message)).rejects.toEqual(modified);
    }
  });

  it('that goes on after the response, with another challenge or with encdata', async () => {
    for (const message of [
      new Challenger(edwards25519).message,
      PaSpake.encode({ encdata: { etype: 18, cipher: new Uint8Array(40) } }),
    ]) {
      const session = begin();
      await session.step(new Challenger(edwards25519).message);
      await expect(session.step(message)).rejects.toEqual(modified);
    }
  });

  it('that gives a ticket before it has proved anything', async () => {
    const session = begin();
    await session.step(NOTHING);
    await expect(replyKey(session)).rejects.toEqual(modified);
  });

  it('whose public key is none', async () => {
    const challenge = { group: 1, pubkey: new Uint8Array(32).fill(0xff), factors: [{ type: SF_NONE }] };
    await expect(begin().step(PaSpake.encode({ challenge }))).rejects.toThrow(CodecError);
  });

  it('that sends junk', async () => {
    const { message } = new Challenger(edwards25519);
    const spoiled = fc
      .tuple(fc.nat(message.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, flip]) => message.map((byte, i) => (i === at ? byte ^ flip : byte)));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 100 }), spoiled), async junk => {
        await begin()
          .step(junk)
          .catch(error => expect(error).toBeInstanceOf(KerberosError));
      }),
      { numRuns: 60 },
    );
  });
});

it('does not agree with a KDC that has another key', async () => {
  const kdc = new Challenger(edwards25519, { key: OTHER_KEY });
  const padata = await begin().step(kdc.message);
  expect(() => kdc.accept(padata)).toThrow(expect.objectContaining({ code: 'INTEGRITY' }));
});

it('proves the request, too', async () => {
  const kdc = new Challenger(edwards25519);
  const padata = await begin().step(kdc.message);
  reqBody = Buffer.from('the body of another request');
  expect(() => kdc.accept(padata)).toThrow(expect.objectContaining({ code: 'INTEGRITY' }));
});

it('tells the trace no secret', async () => {
  const session = begin();
  const kdc = new Challenger(edwards25519);
  await session.step(kdc.message);
  expect(trace).toEqual(['SPAKE challenge received with group edwards25519', 'Sending SPAKE response']);
});

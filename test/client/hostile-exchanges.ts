import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheContents, Ccache } from '../../src/ccache/ccache.ts';
import { fileType } from '../../src/ccache/file.ts';
import { fastNote } from '../../src/client/fast-available.ts';
import { forwardCredential } from '../../src/client/forward.ts';
import { getInitialCredential, type InitialOptions } from '../../src/client/initial.ts';
import type { ExchangeOptions } from '../../src/client/options.ts';
import { renewCredential, validateCredential } from '../../src/client/renew.ts';
import { getCredentialByProxy, getCredentialForUser } from '../../src/client/s4u.ts';
import type { Secret } from '../../src/client/secret.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { getUserToUserCredential } from '../../src/client/user-to-user.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { AsReq, type KdcReqBody } from '../../src/messages/kdc-req.ts';
import { PA_ENC_TIMESTAMP, PA_OTP_CHALLENGE, PA_SPAKE } from '../../src/messages/numbers.ts';
import { PaOtpChallenge } from '../../src/messages/otp.ts';
import { parsePrincipal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { PaSpake, SF_NONE } from '../../src/messages/spake.ts';
import type { PaData } from '../../src/messages/types.ts';
import { spakeGroups } from '../../src/preauth/spake/groups.ts';
import { extendTranscript, openSecret, spakeKeys } from '../../src/preauth/spake/keys.ts';
import { environment, scratch } from '../ccache/samples.ts';
import { inFast, kdcChallenge, type OpenedArmor } from '../support/fast-kdc.ts';
import {
  type Answer,
  alice,
  asReply,
  bodyOf,
  type Lies,
  NOW,
  padataOf,
  passwordKey,
  preauthRequired,
  scripted,
  tgsReply,
} from '../support/scripted-kdc.ts';
import { armorCache, armorTicket, machine, offerChallenge, session } from './fast-support.ts';
import { bob, forUserReply, front, newTgt, ticketFor } from './s4u-support.ts';

/** A lie in the last reply of an exchange, which may depend on its request. */
export type Lie = Lies | ((body: KdcReqBody) => Lies);

/** An exchange of a client with a KDC that a test can spoil. */
export interface Exchange {
  readonly name: string;
  /** Found in the cache before. */
  readonly contents: CacheContents;
  /** An AS exchange, or one that rests on a ticket. */
  readonly kind: 'AS' | 'TGS';
  /** The last reply may name another server. */
  readonly aliases?: true;
  /** The end of the ticket is left to the KDC. */
  readonly openEnd?: true;
  /** In FAST: by a ticket of its own, so that an answer without is refused, or by the one that is presented. */
  readonly armor?: 'explicit' | 'implicit';
  /** What the KDC says, the last of it with the lie. */
  answers(lie: Lie): readonly Answer[];
  /** Has the exchange, and keeps what it brings as our commands do. */
  ask(cache: Ccache, options: ExchangeOptions): Promise<Credential>;
}

/** What somebody does to the last reply: the honest one may be had from `honest`. */
export type Spoil = (honest: () => Uint8Array, request: Uint8Array, realm: string) => Uint8Array;

/** What is wrong with the last reply. */
interface Attack {
  readonly lie?: Lie;
  readonly spoil?: Spoil;
}

/** An exchange, again and again with the same cache. */
export interface Target {
  attempt(attack?: Attack): Promise<{
    /** The credential or the error. */
    readonly outcome: unknown;
    readonly stored: boolean;
    readonly requests: readonly Uint8Array[];
  }>;
}

/** Opens the FILE cache of an exchange. */
export async function targetOf(exchange: Exchange): Promise<Target> {
  const directory = scratch();
  const path = join(directory, 'cc');
  const cache = fileType.resolve(path, environment(directory));
  let fresh: Buffer | undefined;
  return {
    async attempt({ lie = {}, spoil = honest => honest() }: Attack = {}) {
      if (fresh === undefined || !readFileSync(path).equals(fresh)) await cache.initialize(exchange.contents);
      fresh = readFileSync(path);
      const answers = [...exchange.answers(lie)];
      const last = answers.pop()!;
      const spoiled: Answer = (request, realm) => spoil(() => last(request, realm), request, realm);
      const transport = scripted(...answers, spoiled);
      const outcome = await exchange
        .ask(cache, { transport, now: () => NOW })
        .catch((error: unknown) => error);
      return { outcome, stored: !readFileSync(path).equals(fresh), requests: transport.requests };
    },
  };
}

const nothing = new Uint8Array(0);
const key = passwordKey();
const keytab: Secret = {
  keytab: [{ principal: alice, timestamp: NOW, kvno: 1, key: toEncryptionKey(key) }],
};
const host = parsePrincipal('host/x@A.TEST');
const tgt = ticketFor(tgsPrincipal('A.TEST'), session, alice);
const evidence = ticketFor(front, session, bob);
const crossKey = randomKey(18);
const tgsOfB = toPrincipalName(tgsPrincipal('B.TEST'));
const peer = { server: bob, secondTicket: newTgt(session).ticket };

const told = (lie: Lie, body: KdcReqBody): Lies => (typeof lie === 'function' ? lie(body) : lie);
const offer = (padataType: number, padataValue: Uint8Array = nothing): PaData => ({
  padataType,
  padataValue,
});

/** An exchange for a first ticket, whose reply key the KDC makes of the request. */
function initial(
  name: string,
  exchange: Pick<Exchange, 'answers'> & Partial<Exchange>,
  options: () => Promise<Partial<InitialOptions>> = async () => ({}),
): Exchange {
  return {
    name,
    kind: 'AS',
    contents: { principal: alice, credentials: [ticketFor(host, randomKey(18), alice)] },
    async ask(cache, how) {
      const { credential } = await getInitialCredential(alice, keytab, { ...how, ...(await options()) });
      await cache.initialize({ principal: credential.client, credentials: [credential] });
      return credential;
    },
    ...exchange,
  };
}

/** An exchange that rests on alice's ticket-granting ticket. */
function further(name: string, exchange: Pick<Exchange, 'ask'> & Partial<Exchange>): Exchange {
  return {
    name,
    kind: 'TGS',
    contents: { principal: alice, credentials: [tgt] },
    answers: lie => [tgsReply(session, lie)],
    ...exchange,
  };
}

/** An AS-REP sealed in `replyKey` unless that is lied about. */
function asAnswer(lie: Lie, replyKey: Key, padata?: readonly PaData[]): Answer {
  return asReply(body => {
    const { rep, ...lies } = told(lie, body);
    return { key: replyKey, ...lies, rep: { ...(padata && { padata }), ...rep } };
  });
}

function armoredAnswer(lie: Lie, made: (armor: OpenedArmor) => Key, padata?: (armor: OpenedArmor) => PaData) {
  return inFast(session, armor =>
    asAnswer(lie, armor.strengthen(made(armor)), padata === undefined ? [] : [padata(armor)]),
  );
}

/** A KDC that challenges at once, as MIT's does where it is told to. */
function spakeAnswers(lie: Lie): readonly Answer[] {
  const [group] = spakeGroups;
  const secret = openSecret(key, group!);
  const scalar = group!.randomScalar();
  const pubkey = group!.publicKey('kdc', secret.masks, scalar);
  const factors = [{ type: SF_NONE }];
  const message = PaSpake.encode({ challenge: { group: group!.number, pubkey, factors } });
  return [
    preauthRequired([offer(PA_SPAKE, message)]),
    (request, realm) => {
      const sent = padataOf(request).find(({ padataType }) => padataType === PA_SPAKE)!;
      const peerKey = PaSpake.decode(sent.padataValue).response!.pubkey;
      const opened = extendTranscript(group!, undefined, nothing, message);
      const transcript = extendTranscript(group!, opened, peerKey);
      const { reqBody } = AsReq.decode(request);
      const { reply } = spakeKeys('kdc', { secret, scalar, peerKey, transcript, reqBody });
      return asAnswer(lie, reply)(request, realm);
    },
  ];
}

const inArmor = async () => ({ armor: { cache: await armorCache() } });
const otpChallenge = PaOtpChallenge.encode({ nonce: Uint8Array.of(1, 2, 3), otpTokenInfo: [{ flags: 0 }] });
const isSecond = (request: Uint8Array): boolean => bodyOf(request).realm === 'B.TEST';

/** Every way to a ticket but PKINIT. */
export const exchanges: readonly Exchange[] = [
  initial('AS without pre-authentication', { answers: lie => [asAnswer(lie, key)] }),
  initial('AS by encrypted timestamp', {
    answers: lie => [preauthRequired([offer(PA_ENC_TIMESTAMP)]), asAnswer(lie, key)],
  }),
  initial('AS by SPAKE', { answers: spakeAnswers }),
  initial(
    'AS by encrypted challenge',
    {
      armor: 'explicit',
      answers: lie => [
        inFast(session, () => preauthRequired([offerChallenge])),
        armoredAnswer(
          lie,
          () => key,
          ({ armorKey }) => kdcChallenge(armorKey, key),
        ),
      ],
    },
    inArmor,
  ),
  initial(
    'AS by one-time password',
    {
      armor: 'explicit',
      answers: lie => [
        inFast(session, () => preauthRequired([offer(PA_OTP_CHALLENGE, otpChallenge)])),
        armoredAnswer(lie, ({ armorKey }) => armorKey),
      ],
    },
    async () => ({ ...(await inArmor()), ask: async () => '123456' }),
  ),
  initial(
    'AS for the password service',
    { answers: lie => [preauthRequired([offer(PA_ENC_TIMESTAMP)]), asAnswer(lie, key)] },
    async () => ({ server: parsePrincipal('kadmin/changepw@A.TEST') }),
  ),
  further('TGS', {
    ask: (cache, options) => getServiceCredential(cache, host, { ...options, canonicalize: false }),
  }),
  further('TGS within FAST', {
    contents: {
      principal: machine,
      credentials: [fastNote(machine, tgsPrincipal('A.TEST')), armorTicket()],
    },
    armor: 'implicit',
    answers: lie => [
      inFast(session, ({ strengthen, subkey }) =>
        tgsReply(session, body => ({ key: strengthen(subkey), ...told(lie, body) }), machine),
      ),
    ],
    ask: (cache, options) => getServiceCredential(cache, host, { ...options, canonicalize: false }),
  }),
  further('TGS of another realm, after a referral', {
    aliases: true,
    answers: lie => [
      tgsReply(session, { part: { sname: tgsOfB, key: toEncryptionKey(crossKey) } }),
      (request, realm) => tgsReply(isSecond(request) ? crossKey : session, lie)(request, realm),
    ],
    ask: (cache, options) => getServiceCredential(cache, { ...host, realm: '' }, options),
  }),
  further('S4U2Self', {
    contents: { principal: front, credentials: [newTgt(session)] },
    answers: lie => [(request, realm) => forUserReply(session, told(lie, bodyOf(request)))(request, realm)],
    ask: (cache, options) => getCredentialForUser(cache, { name: bob }, options),
  }),
  further('S4U2Proxy', {
    contents: { principal: front, credentials: [newTgt(session), evidence] },
    answers: lie => [tgsReply(session, lie, bob)],
    ask: (cache, options) => getCredentialByProxy(cache, { evidence, server: host }, options),
  }),
  further('user-to-user', { ask: (cache, options) => getUserToUserCredential(cache, peer, options) }),
  further('renewal', {
    openEnd: true,
    ask: (cache, options) => replace(cache, renewCredential(tgt, options)),
  }),
  further('validation', {
    openEnd: true,
    ask: (cache, options) => replace(cache, validateCredential(tgt, options)),
  }),
  further('forwarding', { ask: (cache, options) => replace(cache, forwardCredential(tgt, options)) }),
];

async function replace(cache: Ccache, exchanged: Promise<Credential>): Promise<Credential> {
  const credential = await exchanged;
  await cache.initialize({ principal: credential.client, credentials: [credential] });
  return credential;
}

import type { Ccache } from '../../src/ccache/ccache.ts';
import type { InitialOptions, InitialResult } from '../../src/client/initial.ts';
import { randomKey } from '../../src/crypto/key.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { PA_ENCRYPTED_CHALLENGE } from '../../src/messages/numbers.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import type { PaData } from '../../src/messages/types.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type FastLies, inFast, kdcChallenge, type OpenedArmor } from '../support/fast-kdc.ts';
import {
  type Answer,
  asReply,
  type Lies,
  later,
  passwordKey,
  preauthRequired,
  scripted,
} from '../support/scripted-kdc.ts';
import { login } from './as-support.ts';
import { newCache } from './realm.ts';

/** The session key of every armor ticket here. */
export const session = randomKey(18);
/** Whose ticket the armor is. */
export const machine = parsePrincipal('host/desk@A.TEST');

export const offerChallenge: PaData = { padataType: PA_ENCRYPTED_CHALLENGE, padataValue: new Uint8Array(0) };

/** A ticket-granting ticket of `realm` with the key `session`. */
export function armorTicket(lifetime = 3600, realm = 'A.TEST'): Credential {
  const server = tgsPrincipal(realm, 'A.TEST');
  const sname = { nameType: 2, nameString: server.components };
  const encPart = { etype: 18, kvno: 1, cipher: new Uint8Array(40) };
  return {
    client: machine,
    server,
    key: toEncryptionKey(session),
    authtime: later(-3600),
    endtime: later(lifetime),
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: Ticket.encode({ realm: 'A.TEST', sname, encPart }),
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}

/** A cache of `machine` with these tickets. */
export async function armorCache(credentials = [armorTicket()], kdcOffset?: number): Promise<Ccache> {
  const cache = newCache();
  await cache.initialize({ principal: machine, credentials, kdcOffset });
  return cache;
}

/** Asks a KDC of scripted answers for alice's first ticket, in armor. */
export async function armoredLogin(
  answers: Transport | readonly Answer[],
  options: Partial<InitialOptions> = {},
): Promise<InitialResult> {
  return login(answers, { armor: { cache: await armorCache() }, ...options });
}

/** A KDC within FAST that wants an encrypted challenge and answers with one. */
export function challenging(
  fastLies?: FastLies,
  lies?: (armor: OpenedArmor) => Lies,
): ReturnType<typeof scripted> {
  return scripted(
    inFast(session, () => preauthRequired([offerChallenge])),
    inFast(session, armor => asReply(lies?.(armor) ?? honest(armor)), fastLies),
  );
}

/** What an honest KDC says with the ticket. */
export function honest({ armorKey, strengthen }: OpenedArmor): Lies {
  return { key: strengthen(passwordKey()), rep: { padata: [kdcChallenge(armorKey, passwordKey())] } };
}

import { getInitialCredential, type InitialOptions, type InitialResult } from '../../src/client/initial.ts';
import type { Secret } from '../../src/client/secret.ts';
import type { Principal } from '../../src/messages/principal.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type Answer, alice, NOW, PASSWORD, scripted } from '../support/scripted-kdc.ts';

/** Alice's password, and how often it was asked for. */
export function passwordOf(password = PASSWORD): Secret & { asked: number } {
  const secret = {
    asked: 0,
    async password() {
      secret.asked++;
      return password;
    },
  };
  return secret;
}

/** Asks a scripted KDC for alice's first ticket at `NOW`. */
export function login(
  answers: Transport | readonly Answer[],
  options: Partial<InitialOptions> = {},
  { client = alice, secret = passwordOf() }: { client?: Principal; secret?: Secret } = {},
): Promise<InitialResult> {
  const transport = typeof answers === 'function' ? answers : scripted(...answers);
  return getInitialCredential(client, secret, { transport, now: () => NOW, ...options });
}

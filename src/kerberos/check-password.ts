import { openEnvironment } from '../local/environment.ts';
import { principalOf } from '../local/session.ts';
import { parsePrincipal } from '../messages/principal.ts';
import { answer, type Callback, requireStrings } from './callback.ts';
import { inKrb5Words } from './krb5-error.ts';

/**
 * Whether a KDC issues a ticket for a password: resolves to null, or rejects with an Error that says why not. A user
 * without a realm belongs to `defaultRealm`, or to the configured default. The KDC itself is not verified: whoever can
 * answer in its place can make any password pass; `verifyBy` of `login` in krb5kit prevents that.
 */
export function checkPassword(
  username: string,
  password: string,
  service: string,
  defaultRealm?: string,
): Promise<void>;
export function checkPassword(
  username: string,
  password: string,
  service: string,
  defaultRealm: string | undefined,
  callback: Callback<null>,
): void;
export function checkPassword(
  username: string,
  password: string,
  service: string,
  callback: Callback<null>,
): void;
export function checkPassword(
  username: string,
  password: string,
  service: string,
  defaultRealm?: string | Callback<null>,
  callback?: Callback<null>,
): Promise<unknown> | undefined {
  const [realm, told] =
    typeof defaultRealm === 'function' ? [undefined, defaultRealm] : [defaultRealm, callback];
  const check = (): void => {
    requireStrings({ username, password, service });
    if (realm && typeof realm !== 'string') {
      throw new TypeError('if specified, parameter `defaultRealm` must be a string.');
    }
  };
  return answer(told, check, () => tryPassword({ username, password, service, realm }));
}

interface Claim {
  readonly username: string;
  readonly password: string;
  readonly service: string;
  readonly realm: string | undefined;
}

async function tryPassword({ username, password, service, realm }: Claim): Promise<null> {
  try {
    // No ticket is requested for it, so it need only be valid.
    parsePrincipal(service, { defaultRealm: '' });
    const session = openEnvironment();
    const client = await principalOf(username, session, realm ? { defaultRealm: realm } : {});
    const { initialTicket } = await import('../local/initial.ts');
    await initialTicket(client, { password: async () => password }, session);
    return null;
  } catch (error) {
    throw inKrb5Words(error);
  }
}

import { KerberosError } from '../errors.ts';
import type { Keychain } from './ccache.ts';
import type { KeytarRequest } from './keytar-child.ts';
import type { SecretServiceState } from './secret-service.ts';
import { type SessionEnvironment, sessionBusSocket } from './session-bus.ts';

export interface KeychainOptions {
  /** Seconds that a keychain which asks nobody has for an answer; 3 unless given. */
  readonly answerSeconds?: number | undefined;
  /** Seconds that its user has for a dialog of the keychain; 60 unless given. */
  readonly dialogSeconds?: number | undefined;
}

/** Whether the keychain can serve as the place of the default cache. */
export type KeychainUse = { readonly usable: true } | { readonly usable: false; readonly reason: string };

type Keytar = typeof import('keytar');

/** The item's `service` in every keychain. */
const SERVICE = 'krb5kit';
const ANSWER_SECONDS = 3;
const DIALOG_SECONDS = 60;

/** libsecret keeps one connection per process and never gets over its loss; then only fresh processes can ask. */
let spoiled = false;

/**
 * The OS keychain through keytar. `environment` is that of this process, whose D-Bus session libsecret joins.
 * Throws KerberosError KEYCHAIN_UNAVAILABLE.
 */
export async function openKeychain(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<Keychain> {
  if (usesSecretService() && sessionBusSocket(environment) === undefined)
    throw unavailable('there is no D-Bus session');
  const perform = (request: KeytarRequest) => performCall(request, environment, options);
  return {
    async read(account) {
      const secret = await perform({ call: 'getPassword', args: [SERVICE, account] });
      return typeof secret === 'string' ? secret : undefined;
    },
    async write(account, secret) {
      await perform({ call: 'setPassword', args: [SERVICE, account, secret] });
    },
    async remove(account) {
      return (await perform({ call: 'deletePassword', args: [SERVICE, account] })) === true;
    },
  };
}

/**
 * Whether a new cache can be kept in the keychain, found out as cheaply as can be: without a D-Bus session it costs
 * one look at the environment. A keychain that is locked counts where its user has a display to unlock it on.
 */
export async function probeKeychain(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<KeychainUse> {
  if (usesSecretService()) {
    if (sessionBusSocket(environment) === undefined) return unusable('there is no D-Bus session');
    const state = await survey('', environment, options);
    if (state.state === 'absent') return unusable(state.reason);
    if (state.state === 'silent') return unusable('it does not answer');
    const display = environment.DISPLAY || environment.WAYLAND_DISPLAY;
    if (state.state === 'locked' && !display) return unusable('it is locked');
  }
  try {
    await loadKeytar();
    return { usable: true };
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error));
  }
}

async function performCall(
  request: KeytarRequest,
  environment: SessionEnvironment,
  options: KeychainOptions,
): Promise<unknown> {
  const asking = survey(request.args[1]!, environment, options);
  await new Promise(setImmediate); // the question leaves before loading keytar holds up this thread
  const [state, keytar] = await Promise.all([asking, loadKeytar()]);
  if (state.state === 'absent') throw unavailable(state.reason);
  if (state.state === 'silent') throw timeout();
  const result = await (asksNobody(state) && !spoiled
    ? callHere(request, keytar, state, environment, options)
    : callElsewhere(request, keytar, environment, options));
  // libsecret says of what is locked that it does not exist.
  if (state.state === 'locked' && (result === null || result === false)) throw locked();
  return result;
}

function asksNobody(state: SecretServiceState): boolean {
  return state.state === 'unlocked' && !state.prompts;
}

/** In this process: fastest, but a call that hangs could not be taken back. */
async function callHere(
  request: KeytarRequest,
  keytar: Keytar,
  state: SecretServiceState,
  environment: SessionEnvironment,
  options: KeychainOptions,
): Promise<unknown> {
  const [first, second, third] = request.args as [string, string, string];
  const seconds = usesSecretService() ? answerSeconds(options) : (options.dialogSeconds ?? DIALOG_SECONDS);
  try {
    return await within(seconds, keytar[request.call](first, second, third));
  } catch (error) {
    spoiled = true;
    if (error instanceof KerberosError || state.state !== 'unlocked') throw error;
    return callElsewhere(request, keytar, environment, options);
  }
}

/** In a child, for as long as somebody may be reading a dialog. */
async function callElsewhere(
  request: KeytarRequest,
  keytar: Keytar,
  environment: SessionEnvironment,
  options: KeychainOptions,
): Promise<unknown> {
  const [{ callInChild }, modulePath] = await Promise.all([import('./keytar-child.ts'), pathOf(keytar)]);
  const giveUp = new AbortController();
  const call = callInChild(request, { modulePath, environment, signal: giveUp.signal });
  try {
    return await within(options.dialogSeconds ?? DIALOG_SECONDS, call);
  } catch (error) {
    throw error instanceof KerberosError ? error : translated(error as Error);
  } finally {
    giveUp.abort();
  }
}

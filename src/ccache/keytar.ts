import { createRequire } from 'node:module';
import { KerberosError } from '../errors.ts';
import { type SessionEnvironment, usesSecretService } from './bus-address.ts';
import type { Keychain } from './ccache.ts';
import { callInChild, type KeytarRequest } from './keytar-child.ts';
import type { KeychainUse } from './probe.ts';
import { askSecretService, type SecretServiceState } from './secret-service.ts';

export interface KeychainOptions {
  /** Seconds that a keychain which asks nobody has for an answer; 3 unless given. */
  readonly answerSeconds?: number | undefined;
  /** Seconds that the user has for a dialog of the keychain; 45 unless given. */
  readonly dialogSeconds?: number | undefined;
}

type Keytar = typeof import('keytar');

interface Session {
  readonly environment: SessionEnvironment;
  readonly answerSeconds: number;
  readonly dialogSeconds: number;
}

/** The item's `service`, in every keychain. */
const SERVICE = 'krb5kit';

/** libsecret keeps one connection per process and never gets over its loss; after that only a new process can ask. */
let spoiled = false;

/**
 * The OS keychain through keytar; nothing is asked yet. `environment` is that of this process: libsecret looks for
 * the D-Bus session there.
 */
export async function openKeychain(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<Keychain> {
  const session = sessionOf(environment, options);
  return {
    async read(account) {
      const secret = await read(account, session);
      return typeof secret === 'string' ? secret : undefined;
    },
    async write(account, secret) {
      const request = { call: 'setPassword', args: [SERVICE, account, secret] } as const;
      await perform(request, await survey(account, session), session);
    },
    async remove(account) {
      const request = { call: 'deletePassword', args: [SERVICE, account] } as const;
      return (await perform(request, await survey(account, session), session)) === true;
    },
  };
}

/**
 * Whether the keychain answers and keytar can be loaded. One that is locked counts where its user has a display to
 * unlock it on.
 */
export async function tryKeychain(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<KeychainUse> {
  try {
    const { state } = await survey('', sessionOf(environment, options));
    const display = environment.DISPLAY || environment.WAYLAND_DISPLAY;
    if (state === 'locked' && !display) throw locked();
    await loadKeytar();
    return { usable: true };
  } catch (error) {
    return { usable: false, reason: messageOf(error) };
  }
}

/** A command reads once: what the survey of the Secret Service finds on its way need not be asked of libsecret. */
async function read(account: string, session: Session): Promise<unknown> {
  const state = await survey(account, session, true);
  if (usesSecretService(process.platform) && state.state === 'unlocked') return state.secret;
  return perform({ call: 'getPassword', args: [SERVICE, account] }, state, session);
}

async function perform(
  request: KeytarRequest,
  state: SecretServiceState,
  session: Session,
): Promise<unknown> {
  const keytar = await loadKeytar();
  const here = state.state === 'unlocked' && !state.prompts && !spoiled;
  const result = await (here ? callHere(request, keytar, session) : callElsewhere(request, keytar, session));
  // libsecret says of what it could not unlock that it does not exist.
  if (state.state === 'locked' && (result === null || result === false)) throw locked();
  return result;
}

/** Throws KerberosError KEYCHAIN_UNAVAILABLE or KEYCHAIN_TIMEOUT. */
async function survey(account: string, session: Session, secret = false): Promise<SecretServiceState> {
  if (!usesSecretService(process.platform)) return { state: 'unlocked', prompts: false, secret: undefined };
  const attributes = new Map([
    ['service', SERVICE],
    ['account', account],
  ]);
  const { environment, ...limits } = session;
  const state = await askSecretService(environment, { attributes, secret, ...limits });
  if (state.state === 'absent') throw unavailable(state.reason);
  if (state.state === 'silent') throw timeout();
  return state;
}

/** In this process: fastest, but a call that hangs could not be taken back. */
async function callHere(request: KeytarRequest, keytar: Keytar, session: Session): Promise<unknown> {
  const secretService = usesSecretService(process.platform);
  try {
    const seconds = secretService ? session.answerSeconds : session.dialogSeconds;
    return await within(seconds, callKeytar(request, keytar));
  } catch (error) {
    if (!secretService) throw translated(error);
    spoiled = true;
    if (error instanceof KerberosError) throw error;
    return callElsewhere(request, keytar, session);
  }
}

function callKeytar({ call, args }: KeytarRequest, keytar: Keytar): Promise<unknown> {
  const [service, account, secret] = args as [string, string, string];
  switch (call) {
    case 'getPassword':
      return keytar.getPassword(service, account);
    case 'setPassword':
      return keytar.setPassword(service, account, secret);
    case 'deletePassword':
      return keytar.deletePassword(service, account);
  }
}

/** In a child, which may wait for a dialog and can be killed. */
async function callElsewhere(request: KeytarRequest, keytar: Keytar, session: Session): Promise<unknown> {
  const giveUp = new AbortController();
  try {
    const options = { modulePath: pathOf(keytar), environment: session.environment, signal: giveUp.signal };
    return await within(session.dialogSeconds, callInChild(request, options));
  } catch (error) {
    throw translated(error);
  } finally {
    giveUp.abort();
  }
}

async function loadKeytar(): Promise<Keytar> {
  try {
    return (await import('keytar')).default;
  } catch (error) {
    const missing = /MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '');
    const needs = usesSecretService(process.platform) ? '; it needs libsecret-1.so.0' : '';
    throw unavailable(missing ? 'keytar is not installed' : `keytar does not load${needs}`, error);
  }
}

/** By what path a child finds the module: an ES module has no `require` to resolve it with. */
function pathOf(keytar: Keytar): string {
  const { cache } = createRequire(process.execPath);
  const path = Object.keys(cache).find(file => cache[file]?.exports === keytar);
  if (path === undefined) throw unavailable('keytar was not loaded from a file');
  return path;
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeout()), seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function sessionOf(environment: SessionEnvironment, options: KeychainOptions): Session {
  const { answerSeconds = 3, dialogSeconds = 45 } = options;
  return { environment, answerSeconds, dialogSeconds };
}

function translated(error: unknown): KerberosError {
  if (error instanceof KerberosError) return error;
  const message = messageOf(error);
  const sealed = /locked collection|does not exist at path|interaction is not allowed|user canceled/i;
  return sealed.test(message) ? locked(error) : unavailable(message, error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unavailable(reason: string, cause?: unknown): KerberosError {
  return new KerberosError('KEYCHAIN_UNAVAILABLE', `The OS keychain cannot be used: ${reason}`, { cause });
}

function locked(cause?: unknown): KerberosError {
  return new KerberosError('KEYCHAIN_LOCKED', 'The OS keychain is locked', { cause });
}

function timeout(): KerberosError {
  return new KerberosError('KEYCHAIN_TIMEOUT', 'The OS keychain did not answer in time');
}

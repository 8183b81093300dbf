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

/**
 * The OS keychain; nothing is asked yet. `environment` is where the user's session is found, that of this process as
 * a rule.
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
      await survey(account, session);
      await callApart({ call: 'setPassword', args: [SERVICE, account, secret] }, session);
    },
    async remove(account) {
      const { state } = await survey(account, session);
      const removed = await callApart({ call: 'deletePassword', args: [SERVICE, account] }, session);
      if (removed !== true && state === 'locked') throw locked();
      return removed === true;
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

/** Every command reads, so this is made fast: no child unless somebody may have to be asked to unlock. */
async function read(account: string, session: Session): Promise<unknown> {
  if (!usesSecretService(process.platform)) return readHere(account, session);
  const state = await survey(account, session, true);
  if (state.state === 'unlocked') return state.secret;
  const secret = await callApart({ call: 'getPassword', args: [SERVICE, account] }, session);
  // libsecret says of what could not be unlocked that it does not exist.
  if (typeof secret !== 'string' && state.state === 'locked') throw locked();
  return secret;
}

/** Throws KerberosError KEYCHAIN_UNAVAILABLE or KEYCHAIN_TIMEOUT. */
async function survey(account: string, session: Session, secret = false): Promise<SecretServiceState> {
  if (!usesSecretService(process.platform)) return { state: 'unlocked', secret: undefined };
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

async function readHere(account: string, session: Session): Promise<unknown> {
  const keytar = await loadKeytar();
  try {
    return await within(session.dialogSeconds, keytar.getPassword(SERVICE, account));
  } catch (error) {
    throw translated(error);
  }
}

/**
 * In a child. A call of libsecret that hangs, on a dialog or a stopped daemon, would keep this process from ending,
 * and its one connection does not get over a daemon that was restarted.
 */
async function callApart(request: KeytarRequest, session: Session): Promise<unknown> {
  const modulePath = pathOf(await loadKeytar());
  const giveUp = new AbortController();
  try {
    const options = { modulePath, environment: session.environment, signal: giveUp.signal };
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

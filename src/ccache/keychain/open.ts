import { KerberosError } from '../../errors.ts';
import type { Keychain } from '../ccache.ts';
import type { KeychainUse } from '../keychain-use.ts';
import { KEYCHAIN_SERVICE, type KeychainOptions, type KeychainSession } from './backend.ts';
import { keychainBackends, openBackend } from './backends.ts';
import { type SessionEnvironment, usesSecretService } from './bus-address.ts';
import { keychainLocked, keychainReason, keychainTimeout, keychainUnavailable } from './errors.ts';
import { askSecretService, type SecretServiceQuestion, type SecretServiceState } from './secret-service.ts';

/** What `describeBackends` reports about a back-end. */
export interface BackendState {
  readonly name: string;
  readonly usable: boolean;
  /** Why it can or cannot be used, in lower case. */
  readonly reason: string;
}

const KEYCHAINS: Partial<Readonly<Record<NodeJS.Platform, string>>> = {
  darwin: 'the Keychain',
  win32: 'the Credential Manager',
};

/**
 * The OS keychain through the first available back-end. `environment` describes the user's session, usually that of
 * this process. Throws KerberosError KEYCHAIN_UNAVAILABLE if the requested back-end is not available, even where
 * reading would not need it.
 */
export async function openKeychain(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<Keychain> {
  const session = sessionOf(environment, options);
  const open = (signal?: AbortSignal) => openBackend({ ...session, signal }, options.backend);
  if (options.backend !== undefined) await open();
  if (!usesSecretService(session.platform)) return open();
  return overSecretService(session, open, options.backend === undefined);
}

/**
 * Whether the keychain answers and a back-end is available. A locked keychain counts if its user has a display to
 * unlock it.
 */
export async function tryKeychain(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<KeychainUse> {
  const session = sessionOf(environment, options);
  const service = await serviceState(session);
  if (service.state === 'absent') return { usable: false, absent: true, reason: service.reason };
  try {
    // Before a back-end is loaded for nothing.
    refuseUnusable(service, environment);
    await openUsable(session, service, options.backend);
    return { usable: true, locked: service.state === 'locked' };
  } catch (error) {
    return { usable: false, absent: false, reason: keychainReason(error) };
  }
}

/** Every back-end in the order in which they are tried, and whether it can be used. */
export async function describeBackends(
  environment: SessionEnvironment,
  options: KeychainOptions = {},
): Promise<readonly BackendState[]> {
  const session = sessionOf(environment, options);
  const service = await serviceState(session);
  const states: BackendState[] = [];
  for (const { name } of keychainBackends) {
    states.push({ name, ...(await describeBackend(name, session, service)) });
  }
  return states;
}

/** Throws KerberosError if no back-end is available, or not that one, or if its keychain cannot be used. */
async function openUsable(
  session: KeychainSession,
  service: SecretServiceState,
  name?: string,
): Promise<void> {
  const impatient = { ...session, dialogSeconds: session.answerSeconds };
  const keychain = await openBackend(impatient, name);
  refuseUnusable(service, session.environment);
  if (service.state === 'unknown') await reach(keychain);
}

/** Of a bus that only libsecret reaches, only libsecret can say whether it is there: nothing has this name. */
async function reach(keychain: Keychain): Promise<void> {
  try {
    await keychain.read('-');
  } catch (error) {
    // Somebody is being asked to unlock it, as KeePassXC does before each search.
    if (!(error instanceof KerberosError) || error.code !== 'KEYCHAIN_TIMEOUT') throw error;
  }
}

async function describeBackend(
  name: string,
  session: KeychainSession,
  service: SecretServiceState,
): Promise<Omit<BackendState, 'name'>> {
  try {
    await openUsable(session, service, name);
  } catch (error) {
    return { usable: false, reason: keychainReason(error) };
  }
  const keychain = KEYCHAINS[session.platform] ?? 'the Secret Service';
  const locked = 'is locked, but there is a display to unlock it on';
  return { usable: true, reason: `${keychain} ${service.state === 'locked' ? locked : 'can be used'}` };
}

/**
 * On all systems except macOS and Windows. Every command reads, so our own client does that, without a child process
 * unless somebody may have to be asked to unlock. It cannot hang as libsecret can, so it always asks first and, unless
 * a certain back-end was requested, performs the operations that need nobody's consent.
 */
function overSecretService(
  session: KeychainSession,
  open: (signal?: AbortSignal) => Promise<Keychain>,
  byOurselves: boolean,
): Keychain {
  return {
    async read(account) {
      const state = checked(await serviceState(session, 'secret', account));
      if (state.state === 'unlocked') return state.secret;
      refuseHidden(state);
      const { readUnlocking } = await import('./unlocking.ts');
      const secret = await readUnlocking(
        async signal => (await open(signal)).read(account),
        wanted => serviceState(session, wanted, account),
      );
      // If an item could not be unlocked, libsecret says that it does not exist.
      if (secret === undefined && state.state === 'locked') throw keychainLocked();
      return secret;
    },
    async write(account, secret) {
      const label = `${KEYCHAIN_SERVICE}/${account}`;
      const wanted = byOurselves ? { label, secret } : 'state';
      const { state } = checked(await serviceState(session, wanted, account));
      if (state === 'done') return;
      await (await open()).write(account, secret);
      if ((await isThere(account, session)) === false) throw keychainUnavailable('it did not store the key');
    },
    async remove(account) {
      const state = checked(await serviceState(session, byOurselves ? 'deletion' : 'item', account));
      if (state.state === 'done') return true;
      if (state.state === 'unlocked' && !state.found) return false;
      refuseHidden(state);
      const removed = await (await open()).remove(account);
      // libsecret silently skips what it may not delete.
      if (!removed && state.state !== 'unknown') throw keychainLocked();
      if ((await isThere(account, session)) === true) throw keychainUnavailable('it did not delete the key');
      return removed;
    },
  };
}

/**
 * Whether an item can be found; undefined if only libsecret could tell. If the user refuses, in a dialog, to store or to
 * delete an item, libsecret reports success.
 */
async function isThere(account: string, session: KeychainSession): Promise<boolean | undefined> {
  const state = checked(await serviceState(session, 'item', account));
  return 'found' in state ? state.found : undefined;
}

async function serviceState(
  session: KeychainSession,
  wanted: SecretServiceQuestion['wanted'] = 'state',
  account = '',
): Promise<SecretServiceState> {
  const { environment, platform, answerSeconds, dialogSeconds } = session;
  if (!usesSecretService(platform)) return { state: 'unlocked', found: false, secret: undefined };
  const attributes = new Map([
    ['service', KEYCHAIN_SERVICE],
    ['account', account],
    // As keytar has it, which finds no others.
    ...(typeof wanted === 'object' ? [['xdg:schema', 'org.freedesktop.Secret.Generic'] as const] : []),
  ]);
  return askSecretService(environment, { attributes, wanted, answerSeconds, dialogSeconds });
}

/** Throws KerberosError KEYCHAIN_UNAVAILABLE or KEYCHAIN_TIMEOUT. */
function checked(service: SecretServiceState): SecretServiceState {
  if (service.state === 'absent' || service.state === 'broken') throw keychainUnavailable(service.reason);
  if (service.state === 'silent') throw keychainTimeout();
  return service;
}

/** Throws KerberosError KEYCHAIN_LOCKED where the item does not show: libsecret asks to unlock only what it finds. */
function refuseHidden(service: SecretServiceState): void {
  if (service.state === 'locked' && !service.found) throw keychainLocked();
}

/** Throws KerberosError KEYCHAIN_LOCKED besides, where nobody could be asked to unlock it. */
function refuseUnusable(service: SecretServiceState, { DISPLAY, WAYLAND_DISPLAY }: SessionEnvironment): void {
  if (checked(service).state === 'locked' && !DISPLAY && !WAYLAND_DISPLAY) throw keychainLocked();
}

function sessionOf(environment: SessionEnvironment, options: KeychainOptions): KeychainSession {
  const { answerSeconds = 3, dialogSeconds = 45, platform = process.platform, programs = {} } = options;
  return { environment, platform, answerSeconds, dialogSeconds, programs };
}

import { BinaryReader } from '../codec/binary.ts';
import { type SessionEnvironment, sessionBusSocket } from './bus-address.ts';
import type { DbusCall, DbusReply } from './dbus-message.ts';
import { readDbusString, skipTo } from './dbus-message.ts';
import { BusSilent, callSessionBus } from './session-bus.ts';

/** How the Secret Service of a Linux desktop is found, told without libsecret, which cannot be interrupted. */
export type SecretServiceState =
  /** There is no bus, or nobody on it keeps secrets. */
  | { readonly state: 'absent'; readonly reason: string }
  /** Bus or service is there and does not answer. */
  | { readonly state: 'silent' }
  /** The item, or where there is none the collection that new items go to, is locked. */
  | { readonly state: 'locked' }
  /** `prompts` unless the service is known to hand out unlocked items without asking its user. */
  | { readonly state: 'unlocked'; readonly prompts: boolean }
  /** The bus is reached by a transport that only libsecret speaks. */
  | { readonly state: 'unknown' };

const SERVICE = 'org.freedesktop.secrets';
const NO_SERVICE = 'org.freedesktop.DBus.Error.ServiceUnknown';

/** Asks the service about one item by its attributes; the answer comes within `seconds`. Never throws. */
export async function askSecretService(
  environment: SessionEnvironment,
  attributes: ReadonlyMap<string, string>,
  seconds: number,
): Promise<SecretServiceState> {
  const socket = sessionBusSocket(environment);
  if (socket === undefined) return { state: 'absent', reason: 'there is no D-Bus session' };
  if (socket === '') return { state: 'unknown' };
  try {
    const [search, locked, gnome] = await callSessionBus(socket, questions(attributes), seconds);
    return judge(search!, locked!, gnome!);
  } catch (error) {
    if (error instanceof BusSilent) return { state: 'silent' };
    return { state: 'absent', reason: error instanceof Error ? error.message : String(error) };
  }
}

function questions(attributes: ReadonlyMap<string, string>): readonly DbusCall[] {
  return [
    {
      destination: SERVICE,
      path: '/org/freedesktop/secrets',
      interface: 'org.freedesktop.Secret.Service',
      member: 'SearchItems',
      body: attributes,
    },
    {
      destination: SERVICE,
      path: '/org/freedesktop/secrets/aliases/default',
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      body: ['org.freedesktop.Secret.Collection', 'Locked'],
    },
    {
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'GetNameOwner',
      body: ['org.gnome.keyring'],
    },
  ];
}

function judge(search: DbusReply, locked: DbusReply, gnome: DbusReply): SecretServiceState {
  if (search.error === NO_SERVICE)
    return { state: 'absent', reason: 'no Secret Service runs in this session' };
  if (search.error !== undefined)
    return { state: 'absent', reason: `the Secret Service fails: ${search.error}` };
  const found = foundItems(search);
  // A daemon that was never unlocked has no default collection at all.
  const sealed = found.unlocked === 0 && (found.locked > 0 || locked.error !== undefined || isTrue(locked));
  if (sealed) return { state: 'locked' };
  // KeePassXC and KWallet may put a dialog before every item; GNOME's daemon does not.
  const isGnome = gnome.error === undefined && readDbusString(bodyOf(gnome)) === search.sender;
  return { state: 'unlocked', prompts: !isGnome };
}

/** The sizes of SearchItems' two arrays of object paths. */
function foundItems(reply: DbusReply): { unlocked: number; locked: number } {
  const reader = bodyOf(reply);
  const unlocked = reader.counted32('unlocked').length;
  skipTo(reader, 4);
  return { unlocked, locked: reader.u32('locked') };
}

/** A variant that holds a boolean. */
function isTrue(reply: DbusReply): boolean {
  const reader = bodyOf(reply);
  reader.take(4, 'signature');
  return reader.u32('boolean') !== 0;
}

function bodyOf(reply: DbusReply): BinaryReader {
  return new BinaryReader(reply.body, reply.order);
}

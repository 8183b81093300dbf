import { BinaryReader } from '../codec/binary.ts';
import { bytesToText } from '../codec/text.ts';
import { type SessionEnvironment, sessionBusSocket } from './bus-address.ts';
import { type DbusArgument, type DbusCall, type DbusReply, readDbusString, skipTo } from './dbus-message.ts';
import { BusSilent, connectSessionBus, type SessionBus } from './session-bus.ts';

/** How the Secret Service of a Linux desktop is found. */
export type SecretServiceState =
  /** There is no bus, or nobody on it keeps secrets. */
  | { readonly state: 'absent'; readonly reason: string }
  /** Bus or service refuses, breaks off or talks nonsense. */
  | { readonly state: 'broken'; readonly reason: string }
  /** Bus or service is there and does not answer. */
  | { readonly state: 'silent' }
  /** The item, or where there is none the collection that new items go to, is locked. */
  | { readonly state: 'locked' }
  /** The bus is reached by a transport that only libsecret speaks here. */
  | { readonly state: 'unknown' }
  | {
      readonly state: 'unlocked';
      /** The item's secret, where it was asked for and there is one. */
      readonly secret: string | undefined;
    };

export interface SecretServiceQuestion {
  readonly attributes: ReadonlyMap<string, string>;
  /** Ask for the secret as well, if that needs no unlocking. */
  readonly secret: boolean;
  /** Seconds that the service has for an answer, and its user for a dialog. */
  readonly answerSeconds: number;
  readonly dialogSeconds: number;
}

const SERVICE = 'org.freedesktop.secrets';
const SERVICE_PATH = '/org/freedesktop/secrets';
const SECRET_SERVICE = 'org.freedesktop.Secret.Service';
const NO_SERVICE = 'org.freedesktop.DBus.Error.ServiceUnknown';
const IS_LOCKED = 'org.freedesktop.Secret.Error.IsLocked';

/**
 * Asks the service about one item. Unlike libsecret this cannot hang, it tells a locked item from none, and it is
 * several times as fast, for a process that wants one secret. Never throws.
 */
export async function askSecretService(
  environment: SessionEnvironment,
  question: SecretServiceQuestion,
): Promise<SecretServiceState> {
  const socket = sessionBusSocket(environment);
  if (socket === undefined) return { state: 'absent', reason: 'there is no D-Bus session' };
  if (socket === '' || (socket.startsWith('\0') && padsNames())) return { state: 'unknown' };
  const bus = connectSessionBus(socket);
  try {
    return await converse(bus, question);
  } catch (error) {
    if (error instanceof BusSilent) return { state: 'silent' };
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      return { state: 'absent', reason: 'nobody listens at the address of the D-Bus session' };
    }
    return { state: 'broken', reason: message };
  } finally {
    bus.close();
  }
}

/** Before version 22, Node fills the name of an abstract socket up with zeros, which makes it another's. */
function padsNames(): boolean {
  return Number.parseInt(process.versions.node, 10) < 22;
}

async function converse(bus: SessionBus, question: SecretServiceQuestion): Promise<SecretServiceState> {
  const { attributes, answerSeconds, dialogSeconds } = question;
  const [locked, session] = await bus.ask([lockedCall(), sessionCall()], answerSeconds);
  if (locked!.error === NO_SERVICE)
    return { state: 'absent', reason: 'no Secret Service runs in this session' };
  // A daemon that was never unlocked has no default collection at all.
  const sealed = locked!.error !== undefined || isTrue(locked!);
  if (!question.secret && locked!.error === undefined && sealed) return { state: 'locked' };

  // KeePassXC puts up a dialog for the password of a locked database before it searches there.
  const [search] = await bus.ask([searchCall(attributes)], sealed ? dialogSeconds : answerSeconds);
  if (search!.error !== undefined) return refused(search!.error);
  const found = foundItems(search!);
  if (found.unlocked === undefined && (sealed || found.locked)) return { state: 'locked' };
  if (!question.secret || found.unlocked === undefined) return { state: 'unlocked', secret: undefined };

  // KeePassXC and KWallet may put a dialog before an item although it is unlocked.
  const [answer] = await bus.ask([secretCall(found.unlocked, sessionPath(session!))], dialogSeconds);
  if (answer!.error === IS_LOCKED) return { state: 'locked' };
  if (answer!.error !== undefined) return refused(answer!.error);
  return { state: 'unlocked', secret: secretIn(answer!) };
}

function lockedCall(): DbusCall {
  return call(`${SERVICE_PATH}/aliases/default`, 'org.freedesktop.DBus.Properties', 'Get', [
    { type: 's', value: 'org.freedesktop.Secret.Collection' },
    { type: 's', value: 'Locked' },
  ]);
}

function sessionCall(): DbusCall {
  // Encrypting what goes through a socket of the user's own to a daemon of the user's own protects from nobody.
  return call(SERVICE_PATH, SECRET_SERVICE, 'OpenSession', [
    { type: 's', value: 'plain' },
    { type: 'v', value: '' },
  ]);
}

function searchCall(attributes: ReadonlyMap<string, string>): DbusCall {
  return call(SERVICE_PATH, SECRET_SERVICE, 'SearchItems', [{ type: 'a{ss}', value: attributes }]);
}

function secretCall(item: string, session: string): DbusCall {
  return call(item, 'org.freedesktop.Secret.Item', 'GetSecret', [{ type: 'o', value: session }]);
}

function call(path: string, face: string, member: string, args: readonly DbusArgument[]): DbusCall {
  return { destination: SERVICE, path, interface: face, member, arguments: args };
}

function refused(error: string): SecretServiceState {
  return { state: 'broken', reason: `the Secret Service answers ${error}` };
}

/** The first of SearchItems' unlocked items, and whether there are locked ones. */
function foundItems(reply: DbusReply): { readonly unlocked: string | undefined; readonly locked: boolean } {
  const reader = bodyOf(reply);
  const end = reader.u32('unlocked') + reader.offset;
  const unlocked = reader.offset < end ? readDbusString(reader) : undefined;
  reader.offset = end;
  skipTo(reader, 4);
  return { unlocked, locked: reader.u32('locked') > 0 };
}

/** OpenSession's second result, after a variant that holds an empty string. */
function sessionPath(reply: DbusReply): string {
  if (reply.error !== undefined) throw new Error(`the Secret Service answers ${reply.error}`);
  const reader = bodyOf(reply);
  reader.take(3, 'signature');
  readDbusString(reader);
  return readDbusString(reader);
}

/** The secret in a structure of session, parameters, secret and content type. */
function secretIn(reply: DbusReply): string {
  const reader = bodyOf(reply);
  readDbusString(reader);
  skipTo(reader, 4);
  reader.counted32('parameters');
  skipTo(reader, 4);
  return bytesToText(reader.counted32('secret'));
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

import { BinaryReader } from '../../codec/binary.ts';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { type DbusArgument, type DbusCall, type DbusReply, readDbusString, skipTo } from './dbus-message.ts';

// The calls of the Secret Service, and how to read their replies.

const SERVICE = 'org.freedesktop.secrets';
const SERVICE_PATH = '/org/freedesktop/secrets';
const DEFAULT_COLLECTION = `${SERVICE_PATH}/aliases/default`;
/** More than anybody has. */
const MAX_COLLECTIONS = 64;
const SECRET_SERVICE = 'org.freedesktop.Secret.Service';
/** The path that stands for no object. */
const NOWHERE = '/';

/** Asks whether a collection is locked; by default the one for new items. */
export function lockedCall(collection = DEFAULT_COLLECTION): DbusCall {
  return propertyCall(collection, 'org.freedesktop.Secret.Collection', 'Locked');
}

/** The paths of all collections. */
export function collectionsCall(): DbusCall {
  return propertyCall(SERVICE_PATH, SECRET_SERVICE, 'Collections');
}

function propertyCall(path: string, face: string, property: string): DbusCall {
  return call(path, 'org.freedesktop.DBus.Properties', 'Get', [
    { type: 's', value: face },
    { type: 's', value: property },
  ]);
}

/** The path of the collection for new items. */
export function defaultCall(): DbusCall {
  return call(SERVICE_PATH, SECRET_SERVICE, 'ReadAlias', [{ type: 's', value: 'default' }]);
}

/** Opens a session, which every transfer of a secret needs, without encryption. */
export function sessionCall(): DbusCall {
  // Encryption would protect nothing on a private socket between two processes of the same user.
  return call(SERVICE_PATH, SECRET_SERVICE, 'OpenSession', [
    { type: 's', value: 'plain' },
    { type: 'v', value: '' },
  ]);
}

/** The items with these attributes, in all collections. */
export function searchCall(attributes: ReadonlyMap<string, string>): DbusCall {
  return call(SERVICE_PATH, SECRET_SERVICE, 'SearchItems', [{ type: 'a{ss}', value: attributes }]);
}

/** An item's secret; `item` and `session` are paths. */
export function secretCall(item: string, session: string): DbusCall {
  return call(item, 'org.freedesktop.Secret.Item', 'GetSecret', [{ type: 'o', value: session }]);
}

/** A secret to store, and the attributes by which to find it. */
export interface SecretItem {
  readonly label: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly secret: string;
}

/** Stores an item in the default collection, replacing one with the same attributes; `session` is a path. */
export function createCall({ label, attributes, secret }: SecretItem, session: string): DbusCall {
  const item = 'org.freedesktop.Secret.Item';
  const properties = new Map<string, string | ReadonlyMap<string, string>>([
    [`${item}.Label`, label],
    [`${item}.Attributes`, attributes],
  ]);
  return call(DEFAULT_COLLECTION, 'org.freedesktop.Secret.Collection', 'CreateItem', [
    { type: 'a{sv}', value: properties },
    secretArgument(secret, session),
    { type: 'b', value: true },
  ]);
}

/** Replaces an item's secret; `item` and `session` are paths. */
export function replaceCall(item: string, secret: string, session: string): DbusCall {
  return call(item, 'org.freedesktop.Secret.Item', 'SetSecret', [secretArgument(secret, session)]);
}

function secretArgument(secret: string, session: string): DbusArgument {
  return { type: '(oayays)', value: { session, secret: textToBytes(secret), contentType: 'text/plain' } };
}

/** Asks when an item was last written; `item` is a path. */
export function modifiedCall(item: string): DbusCall {
  return propertyCall(item, 'org.freedesktop.Secret.Item', 'Modified');
}

/** Deletes the item of that path. */
export function deleteCall(item: string): DbusCall {
  return call(item, 'org.freedesktop.Secret.Item', 'Delete', []);
}

function call(path: string, face: string, member: string, args: readonly DbusArgument[]): DbusCall {
  return { destination: SERVICE, path, interface: face, member, arguments: args };
}

/** The paths of SearchItems' unlocked items, and whether there are locked ones. */
export function foundItems(reply: DbusReply): {
  readonly unlocked: readonly string[];
  readonly locked: boolean;
} {
  const reader = bodyOf(reply);
  const unlocked = readPaths(reader);
  skipTo(reader, 4);
  return { unlocked, locked: reader.u32('locked') > 0 };
}

/** The second result of OpenSession, after a variant with an empty string, or no bytes from KWallet. */
export function sessionPath(reply: DbusReply): string {
  if (reply.error !== undefined) throw new Error(`the Secret Service answers ${reply.error}`);
  const reader = bodyOf(reply);
  const signature = bytesToText(reader.take(reader.u8('signature') + 1, 'signature'));
  if (signature === 'ay\0') {
    skipTo(reader, 4);
    reader.counted32('output');
  } else {
    readDbusString(reader);
  }
  return readDbusString(reader);
}

/** The secret in a structure of session, parameters, secret and content type. */
export function secretIn(reply: DbusReply): string {
  const reader = bodyOf(reply);
  readDbusString(reader);
  skipTo(reader, 4);
  reader.counted32('parameters');
  skipTo(reader, 4);
  return bytesToText(reader.counted32('secret'));
}

/** The answer to `collectionsCall`: a variant with an array of object paths. */
export function collectionPaths(reply: DbusReply): readonly string[] {
  const reader = bodyOf(reply);
  reader.take(4, 'signature');
  return readPaths(reader).slice(0, MAX_COLLECTIONS);
}

/** Whether a `createCall` was carried out: if the user must be asked, the reply has the path of a prompt instead. */
export function isCreated(reply: DbusReply): boolean {
  if (reply.error !== undefined) return false;
  const reader = bodyOf(reply);
  return readDbusString(reader) !== NOWHERE && readDbusString(reader) === NOWHERE;
}

/** The same for a `deleteCall`. */
export function isDeleted(reply: DbusReply): boolean {
  return reply.error === undefined && readDbusString(bodyOf(reply)) === NOWHERE;
}

function readPaths(reader: BinaryReader): readonly string[] {
  const end = reader.u32('paths') + reader.offset;
  const paths: string[] = [];
  while (reader.offset < end) paths.push(readDbusString(reader));
  return paths;
}

/**
 * Whether the collection of a `lockedCall` cannot be read: a daemon that was never unlocked has no default collection
 * at all.
 */
export function isSealed(reply: DbusReply): boolean {
  return reply.error !== undefined || isTrue(reply);
}

/** The answer to `lockedCall`: a variant with a boolean. */
export function isTrue(reply: DbusReply): boolean {
  const reader = bodyOf(reply);
  reader.take(4, 'signature');
  return reader.u32('boolean') !== 0;
}

/** The answer to `modifiedCall`, a variant with seconds since 1970; 0 if it is an error. */
export function modifiedAt(reply: DbusReply): number {
  if (reply.error !== undefined) return 0;
  const reader = bodyOf(reply);
  reader.take(3, 'signature');
  skipTo(reader, 8);
  const halves = [reader.u32('seconds'), reader.u32('seconds')] as const;
  // The lower half suffices until 2106.
  return halves[reply.order === 'little' ? 0 : 1];
}

function bodyOf(reply: DbusReply): BinaryReader {
  return new BinaryReader(reply.body, reply.order);
}

import { BinaryReader } from '../codec/binary.ts';
import { bytesToText, textToBytes } from '../codec/text.ts';
import { type DbusArgument, type DbusCall, type DbusReply, readDbusString, skipTo } from './dbus-message.ts';

// The calls on the Secret Service, and what is in their replies.

const SERVICE = 'org.freedesktop.secrets';
const SERVICE_PATH = '/org/freedesktop/secrets';
const DEFAULT_COLLECTION = `${SERVICE_PATH}/aliases/default`;
/** More than anybody has. */
const MAX_COLLECTIONS = 64;
const SECRET_SERVICE = 'org.freedesktop.Secret.Service';
/** The path of no object. */
const NOWHERE = '/';

/** Whether a collection is locked; that which new items go to unless another is given. */
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

/** A session without encryption, as every transfer of a secret needs one. */
export function sessionCall(): DbusCall {
  // Encrypting what goes through a socket of the user's own to a daemon of the user's own protects from nobody.
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

/** A secret to be kept, and what it is found by. */
export interface SecretItem {
  readonly label: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly secret: string;
}

/** Keeps an item, in place of one with the same attributes, where new items go to; `session` is a path. */
export function createCall({ label, attributes, secret }: SecretItem, session: string): DbusCall {
  const item = 'org.freedesktop.Secret.Item';
  const properties = new Map<string, string | ReadonlyMap<string, string>>([
    [`${item}.Label`, label],
    [`${item}.Attributes`, attributes],
  ]);
  return call(DEFAULT_COLLECTION, 'org.freedesktop.Secret.Collection', 'CreateItem', [
    { type: 'a{sv}', value: properties },
    { type: '(oayays)', value: { session, secret: textToBytes(secret), contentType: 'text/plain' } },
    { type: 'b', value: true },
  ]);
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

/** OpenSession's second result, after a variant that holds an empty string. */
export function sessionPath(reply: DbusReply): string {
  if (reply.error !== undefined) throw new Error(`the Secret Service answers ${reply.error}`);
  const reader = bodyOf(reply);
  reader.take(3, 'signature');
  readDbusString(reader);
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

/** What `collectionsCall` is answered: a variant that holds an array of object paths. */
export function collectionPaths(reply: DbusReply): readonly string[] {
  const reader = bodyOf(reply);
  reader.take(4, 'signature');
  return readPaths(reader).slice(0, MAX_COLLECTIONS);
}

/** Whether a `createCall` was carried out: what its user has to be asked for is not, and has the path of a prompt. */
export function isCreated(reply: DbusReply): boolean {
  if (reply.error !== undefined) return false;
  const reader = bodyOf(reply);
  return readDbusString(reader) !== NOWHERE && readDbusString(reader) === NOWHERE;
}

/** The same of a `deleteCall`. */
export function isDeleted(reply: DbusReply): boolean {
  return reply.error === undefined && readDbusString(bodyOf(reply)) === NOWHERE;
}

function readPaths(reader: BinaryReader): readonly string[] {
  const end = reader.u32('paths') + reader.offset;
  const paths: string[] = [];
  while (reader.offset < end) paths.push(readDbusString(reader));
  return paths;
}

/** Whether the collection of a `lockedCall` cannot be read: a daemon that was never unlocked has no default collection at all. */
export function isSealed(reply: DbusReply): boolean {
  return reply.error !== undefined || isTrue(reply);
}

/** What `lockedCall` is answered: a variant that holds a boolean. */
export function isTrue(reply: DbusReply): boolean {
  const reader = bodyOf(reply);
  reader.take(4, 'signature');
  return reader.u32('boolean') !== 0;
}

function bodyOf(reply: DbusReply): BinaryReader {
  return new BinaryReader(reply.body, reply.order);
}

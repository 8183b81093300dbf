import { type SessionEnvironment, sessionBusSocket } from './bus-address.ts';
import type { DbusReply } from './dbus-message.ts';
import {
  collectionPaths,
  collectionsCall,
  createCall,
  defaultCall,
  deleteCall,
  foundItems,
  isCreated,
  isDeleted,
  isSealed,
  isTrue,
  lockedCall,
  modifiedAt,
  modifiedCall,
  replaceCall,
  type SecretItem,
  searchCall,
  secretCall,
  secretIn,
  sessionCall,
  sessionPath,
} from './secret-service-calls.ts';
import { type AskOptions, BusSilent, connectSessionBus, type SessionBus } from './session-bus.ts';

/** The state of the Secret Service on a Linux desktop. */
export type SecretServiceState =
  /** There is no bus, or no Secret Service on it. */
  | { readonly state: 'absent'; readonly reason: string }
  /** The bus or the service refuses, breaks off or sends invalid messages. */
  | { readonly state: 'broken'; readonly reason: string }
  /** The bus or the service exists and does not answer. */
  | { readonly state: 'silent' }
  /** The item is locked or, if it was not found, the collection for new items. */
  | { readonly state: 'locked'; readonly found: boolean }
  /** The bus uses a transport that only libsecret supports here. */
  | { readonly state: 'unknown' }
  /** The item was stored or deleted, as requested. */
  | { readonly state: 'done' }
  | {
      readonly state: 'unlocked';
      /** Whether the item exists, if that was asked. */
      readonly found: boolean;
      /** The item's secret, if it was requested and exists. */
      readonly secret: string | undefined;
    };

export interface SecretServiceQuestion {
  readonly attributes: ReadonlyMap<string, string>;
  /**
   * What to do besides determining the state: check for the item, get its secret if that needs no unlocking, delete the
   * item, or store a new one with this label and secret. Operations for which the user would have to be asked are not
   * carried out.
   */
  readonly wanted: 'state' | 'item' | 'secret' | 'deletion' | Pick<SecretItem, 'label' | 'secret'>;
  /** Seconds for the service to answer, and for its user to answer a dialog. */
  readonly answerSeconds: number;
  readonly dialogSeconds: number;
}

const DONE: SecretServiceState = { state: 'done' };
const NOT_FOUND: SecretServiceState = { state: 'unlocked', found: false, secret: undefined };
const NO_SERVICE = 'org.freedesktop.DBus.Error.ServiceUnknown';
const IS_LOCKED = 'org.freedesktop.Secret.Error.IsLocked';

/**
 * Asks the service about one item. Unlike libsecret, this cannot hang, distinguishes a locked item from a missing one,
 * and is several times as fast in a process that needs a single secret. Never throws.
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

/** Before version 22, Node pads the name of an abstract socket with zeros, which makes it a different one. */
function padsNames(): boolean {
  return Number.parseInt(process.versions.node, 10) < 22;
}

async function converse(bus: SessionBus, question: SecretServiceQuestion): Promise<SecretServiceState> {
  const { attributes, wanted } = question;
  const answer = { seconds: question.answerSeconds, patient: true };
  const dialog = { seconds: question.dialogSeconds };
  await introduce(bus, answer);
  const [locked, session] = await open(bus, answer);
  if (locked!.error === NO_SERVICE)
    return { state: 'absent', reason: 'no Secret Service runs in this session' };
  const sealed = isSealed(locked!);
  const isNew = typeof wanted === 'object';
  if (isNew && !sealed) {
    return store({ ...wanted, attributes }, sessionPath(session!), bus, { answer, dialog });
  }
  if ((isNew || wanted === 'state') && locked!.error === undefined && sealed) {
    return { state: 'locked', found: false };
  }

  // KeePassXC shows a dialog for the password of a locked database before it searches there.
  const [search] = await bus.ask([searchCall(attributes)], sealed ? dialog : answer);
  if (search!.error !== undefined) return refused(search!.error);
  const { unlocked, locked: lockedItem } = foundItems(search!);
  if (unlocked.length > 0) {
    if (wanted === 'secret') return secretOf(await newestOf(unlocked, bus, answer), session!, bus, dialog);
    const done = wanted === 'deletion' && !lockedItem && (await deleteAll(unlocked, bus, dialog));
    return done ? DONE : { state: 'unlocked', found: true, secret: undefined };
  }
  if (lockedItem) return { state: 'locked', found: true };
  const hidden = sealed
    ? isSealed((await bus.ask([lockedCall()], answer))[0]!)
    : wanted === 'secret' && (await isAnyLocked(bus, answer));
  return hidden ? { state: 'locked', found: false } : NOT_FOUND;
}

/** Stores an item unless its user would have to be asked. */
async function store(
  item: SecretItem,
  session: string,
  bus: SessionBus,
  { answer, dialog }: { readonly answer: AskOptions; readonly dialog: AskOptions },
): Promise<SecretServiceState> {
  const [kept] = await bus.ask([createCall(item, session)], dialog);
  if (isCreated(kept!)) return DONE;
  // KeePassXC shows a prompt to create an item, which never ends if there is one with the same attributes.
  const [search] = await bus.ask([searchCall(item.attributes)], answer);
  const { unlocked } = search!.error === undefined ? foundItems(search!) : { unlocked: [] };
  if (unlocked.length === 0) return NOT_FOUND;
  const old = await newestOf(unlocked, bus, answer);
  const [replaced] = await bus.ask([replaceCall(old, item.secret, session)], answer);
  return replaced!.error === undefined ? DONE : NOT_FOUND;
}

/**
 * The item that was written last. There may be several if new items went to another collection before, where an item
 * could not be replaced.
 */
async function newestOf(items: readonly string[], bus: SessionBus, answer: AskOptions): Promise<string> {
  if (items.length === 1) return items[0]!;
  const replies = await bus.ask(items.map(modifiedCall), answer);
  const times = replies.map(modifiedAt);
  return items[times.indexOf(Math.max(...times))]!;
}

async function secretOf(
  item: string,
  session: DbusReply,
  bus: SessionBus,
  dialog: AskOptions,
): Promise<SecretServiceState> {
  // KeePassXC and KWallet may show a dialog for an item although it is unlocked.
  const [secret] = await bus.ask([secretCall(item, sessionPath(session))], dialog);
  if (secret!.error === IS_LOCKED) return { state: 'locked', found: true };
  if (secret!.error !== undefined) return refused(secret!.error);
  return { state: 'unlocked', found: true, secret: secretIn(secret!) };
}

/** Resolves to whether all of them were deleted: KeePassXC asks its user for each. */
async function deleteAll(items: readonly string[], bus: SessionBus, dialog: AskOptions): Promise<boolean> {
  const replies = await bus.ask(items.map(deleteCall), dialog);
  return replies.every(isDeleted);
}

/**
 * Asks what no harm can come of. gnome-keyring may take a client's first request before it has noted the client down, and
 * aborts if that request is to read a property or to open a session (https://bugs.debian.org/1147303). Once it has
 * answered something, it has noted the client down before it takes another request.
 */
async function introduce(bus: SessionBus, answer: AskOptions): Promise<void> {
  await bus.ask([defaultCall()], answer);
}

/**
 * Checks whether the default collection is locked, and opens a session. A daemon that was never unlocked has no such
 * collection; but gnome-keyring denies for a moment that there is one while an item is deleted, so that is checked
 * again.
 */
async function open(bus: SessionBus, answer: AskOptions): Promise<readonly DbusReply[]> {
  for (let tries = 0; ; tries++) {
    const replies = await bus.ask([lockedCall(), sessionCall()], answer);
    const { error } = replies[0]!;
    if (error === undefined || error === NO_SERVICE || tries === 3) return replies;
    await new Promise(resolve => setTimeout(resolve, 30));
  }
}

/** Whether there is a locked collection: KeePassXC and KWallet hide the contents of one. */
async function isAnyLocked(bus: SessionBus, answer: AskOptions): Promise<boolean> {
  const [list] = await bus.ask([collectionsCall()], answer);
  const paths = list!.error === undefined ? collectionPaths(list!) : [];
  if (paths.length === 0) return false;
  const replies = await bus.ask(
    paths.map(path => lockedCall(path)),
    answer,
  );
  return replies.some(reply => reply.error === undefined && isTrue(reply));
}

function refused(error: string): SecretServiceState {
  return { state: 'broken', reason: `the Secret Service answers ${error}` };
}

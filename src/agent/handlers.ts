import type { CacheContents } from '../ccache/ccache.ts';
import { KcmFailure } from '../ccache/kcm-failure.ts';
import type { Shape, ValuesOf } from '../ccache/kcm-fields.ts';
import { matchesTag } from '../ccache/kcm-match.ts';
import { encodeReply, KCM, KCM_RESULT, type Operation, readValues } from '../ccache/kcm-protocol.ts';
import { mergeCredentials } from '../ccache/match.ts';
import type { SealedCaches } from '../ccache/sealed-caches.ts';
import type { BinaryReader } from '../codec/binary.ts';
import { isExpired } from '../messages/credential.ts';
import { cacheId, credentialById, credentialIds } from './cache-ids.ts';
import { defaultName, existingName, newName } from './cache-names.ts';
import { AGENT } from './operations.ts';
import { checkSizes } from './sizes.ts';
import type { AgentStore } from './store.ts';

/** What requests are answered from. */
export interface AgentState {
  readonly store: AgentStore;
  readonly uid: number;
  now(): Date;
  status(): Promise<ValuesOf<typeof AGENT.STATUS.reply>>;
  /** Told of every change. */
  changed(): void;
  stop(): void;
}

type Answer = (reader: BinaryReader, state: AgentState) => Promise<Uint8Array>;

/** Names handed out by GEN_NEW; what another client is about to make is not there yet. */
let lastNew = 0;

const answers = new Map<number, Answer>([
  on(KCM.NOOP, async () => ({})),
  on(KCM.GET_NAME, async ({ name }, state) => ({ name: (await find(name, state)).name })),
  on(KCM.GEN_NEW, async (_, { store, uid }) => {
    const { members } = await store.read();
    do lastNew++;
    while (members.has(`${uid}:${lastNew}`));
    return { name: `${uid}:${lastNew}` };
  }),
  on(KCM.INITIALIZE, ({ name, principal }, state) => put(name, { principal, credentials: [] }, state)),
  on(KCM.REPLACE, ({ name, offset, principal, credentials }, state) =>
    put(name, { principal, credentials, kdcOffset: offset === 0 ? undefined : offset * 1000 }, state),
  ),
  on(KCM.DESTROY, ({ name }, state) =>
    change(state, caches => {
      const members = new Map(caches.members);
      members.delete(existingName(name, caches, state.uid));
      return { ...caches, members };
    }),
  ),
  on(KCM.STORE, ({ name, credential }, state) =>
    edit(name, state, contents => {
      const credentials = mergeCredentials(contents.credentials, [credential], state.now());
      return { ...contents, credentials };
    }),
  ),
  on(KCM.RETRIEVE, async ({ name, flags, tag }, state) => {
    const { credentials } = (await find(name, state)).contents;
    const found = credentials.filter(credential => matchesTag(credential, tag, flags));
    const credential = found.find(candidate => !isExpired(candidate, state.now())) ?? found[0];
    if (credential === undefined) throw new KcmFailure(KCM_RESULT.NOTFOUND, `KCM:${name}`);
    return { credential };
  }),
  on(KCM.GET_PRINCIPAL, async ({ name }, state) => ({
    principal: (await find(name, state)).contents.principal,
  })),
  on(KCM.GET_CRED_UUID_LIST, async ({ name }, state) => ({
    uuids: credentialIds((await find(name, state)).contents),
  })),
  on(KCM.GET_CRED_BY_UUID, async ({ name, uuid }, state) => {
    const credential = credentialById((await find(name, state)).contents, uuid);
    if (credential === undefined) throw new KcmFailure(KCM_RESULT.END, `KCM:${name}`);
    return { credential };
  }),
  on(KCM.GET_CRED_LIST, async ({ name }, state) => ({
    credentials: (await find(name, state)).contents.credentials,
  })),
  on(KCM.REMOVE_CRED, ({ name, flags, tag }, state) =>
    edit(name, state, contents => {
      const credentials = contents.credentials.filter(credential => !matchesTag(credential, tag, flags));
      if (credentials.length === contents.credentials.length) {
        throw new KcmFailure(KCM_RESULT.NOTFOUND, `KCM:${name}`);
      }
      return { ...contents, credentials };
    }),
  ),
  on(KCM.MOVE_CACHE, ({ from, to }, state) =>
    change(state, caches => {
      const source = existingName(from, caches, state.uid);
      const target = newName(to, caches, state.uid);
      if (source === target) return caches;
      const members = new Map(caches.members).set(target, caches.members.get(source)!);
      members.delete(source);
      return { primary: caches.primary === source ? target : caches.primary, members };
    }),
  ),
  on(KCM.GET_CACHE_UUID_LIST, async (_, { store, uid }) => {
    const caches = await store.read();
    const first = defaultName(caches, uid);
    const names = [...caches.members.keys()];
    return {
      uuids: [...names.filter(name => name === first), ...names.filter(name => name !== first)].map(cacheId),
    };
  }),
  on(KCM.GET_CACHE_BY_UUID, async ({ uuid }, { store }) => {
    const { members } = await store.read();
    const name = [...members.keys()].find(candidate => Buffer.compare(cacheId(candidate), uuid) === 0);
    if (name === undefined) throw new KcmFailure(KCM_RESULT.END, 'KCM:');
    return { name };
  }),
  on(KCM.GET_DEFAULT_CACHE, async (_, { store, uid }) => ({ name: defaultName(await store.read(), uid) })),
  on(KCM.SET_DEFAULT_CACHE, ({ name }, state) =>
    change(state, caches => ({ ...caches, primary: existingName(name, caches, state.uid) })),
  ),
  on(KCM.GET_KDC_OFFSET, async ({ name }, state) => ({
    offset: Math.round(((await find(name, state)).contents.kdcOffset ?? 0) / 1000),
  })),
  on(KCM.SET_KDC_OFFSET, ({ name, offset }, state) =>
    edit(name, state, contents => ({ ...contents, kdcOffset: offset === 0 ? undefined : offset * 1000 })),
  ),
  on(AGENT.STATUS, (_, state) => state.status()),
  on(AGENT.STOP, async (_, state) => {
    state.stop();
    return {};
  }),
  on(AGENT.LOCK, async (_, { store }) => {
    if (store.kind === 'memory')
      throw new KcmFailure(KCM_RESULT.NOSUPP, 'KCM:', 'The agent has no key to forget');
    store.lock();
    return {};
  }),
]);

/** What answers an operation; undefined for one that we do not have. */
export function findAnswer(code: number): Answer | undefined {
  return answers.get(code);
}

function on<Q extends Shape, R extends Shape>(
  asked: Operation<Q, R>,
  handle: (values: ValuesOf<Q>, state: AgentState) => Promise<ValuesOf<R>>,
): [number, Answer] {
  const answer: Answer = async (reader, state) =>
    encodeReply(asked, await handle(readValues(asked.request, reader), state));
  return [asked.code, answer];
}

async function find(
  name: string,
  { store, uid }: AgentState,
): Promise<{ readonly name: string; readonly contents: CacheContents }> {
  const caches = await store.read();
  const found = existingName(name, caches, uid);
  return { name: found, contents: caches.members.get(found)! };
}

/** Makes a cache, or replaces it whole. */
function put(name: string, contents: CacheContents, state: AgentState): Promise<Record<string, never>> {
  return change(state, caches => {
    const target = newName(name, caches, state.uid);
    const primary = caches.members.size === 0 ? target : defaultName(caches, state.uid);
    return { primary, members: new Map(caches.members).set(target, contents) };
  });
}

function edit(
  name: string,
  state: AgentState,
  work: (contents: CacheContents) => CacheContents,
): Promise<Record<string, never>> {
  return change(state, caches => {
    const found = existingName(name, caches, state.uid);
    const contents = work(caches.members.get(found)!);
    return { ...caches, members: new Map(caches.members).set(found, contents) };
  });
}

async function change(
  { store, changed }: AgentState,
  work: (caches: SealedCaches) => SealedCaches,
): Promise<Record<string, never>> {
  await store.change(before => {
    const caches = work(before);
    checkSizes(caches, before);
    return { caches, value: undefined };
  });
  changed();
  return {};
}

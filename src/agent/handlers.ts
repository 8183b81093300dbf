import type { CacheContents } from '../ccache/ccache.ts';
import { KcmFailure } from '../ccache/kcm/failure.ts';
import type { Shape, ValuesOf } from '../ccache/kcm/fields.ts';
import { matchesTag } from '../ccache/kcm/match.ts';
import {
  encodeFailure,
  encodeReply,
  KCM,
  KCM_RESULT,
  type Operation,
  openRequest,
  operationOf,
  readValues,
} from '../ccache/kcm/protocol.ts';
import { mergeCredentials } from '../ccache/match.ts';
import type { SealedCaches } from '../ccache/sealed/caches.ts';
import { isExpired } from '../messages/credential.ts';
import { cacheId, credentialById, credentialIds } from './cache-ids.ts';
import { defaultName, existingName, knownName, newName } from './cache-names.ts';
import { AGENT } from './operations.ts';
import type { Replies } from './replies.ts';
import { checkSizes } from './sizes.ts';
import { type Soon, whenThere } from './soon.ts';
import type { AgentStore } from './store.ts';

/** What requests are answered from. */
export interface AgentState {
  readonly store: AgentStore;
  readonly uid: number;
  now(): Date;
  status(): Soon<ValuesOf<typeof AGENT.STATUS.reply>>;
  readonly replies: Replies;
  /** Called after every change. */
  changed(): void;
  stop(): void;
}

type Answer = (request: Uint8Array, state: AgentState) => Soon<Uint8Array>;

/** A result in `KCM_RESULT`. No error is created, because that nothing was found is the most frequent answer of all. */
type Refusal = number;

/** The length before each request. */
const LENGTH_BYTES = 4;

/** The last name handed out by GEN_NEW; the cache that another client is about to create does not exist yet. */
let lastNew = 0;

const answers = new Map<number, Answer>([
  on(KCM.NOOP, () => ({})),
  reading(KCM.GET_NAME, ({ name }, caches, { uid }) => {
    const found = knownName(name, caches, uid);
    return found === undefined ? KCM_RESULT.NOFILE : { name: found };
  }),
  on(KCM.GEN_NEW, (_, { store, uid }) =>
    whenThere(store.read(), ({ members }) => {
      do lastNew++;
      while (members.has(`${uid}:${lastNew}`));
      return { name: `${uid}:${lastNew}` };
    }),
  ),
  changing(KCM.INITIALIZE, ({ name, principal }, caches, { uid }) =>
    put(name, { principal, credentials: [] }, caches, uid),
  ),
  changing(KCM.REPLACE, ({ name, offset, principal, credentials }, caches, { uid }) =>
    put(name, { principal, credentials, kdcOffset: milliseconds(offset) }, caches, uid),
  ),
  changing(KCM.DESTROY, ({ name }, caches, { uid }) => {
    const members = new Map(caches.members);
    members.delete(existingName(name, caches, uid));
    return { ...caches, members };
  }),
  changing(KCM.STORE, ({ name, credential }, caches, { uid, now }) =>
    edit(name, caches, uid, contents => {
      const credentials = mergeCredentials(contents.credentials, [credential], now());
      return { ...contents, credentials };
    }),
  ),
  reading(
    KCM.RETRIEVE,
    ({ name, flags, tag }, caches, { uid, now }) =>
      lookInto(name, caches, uid, ({ credentials }) => {
        const found = credentials.filter(credential => matchesTag(credential, tag, flags));
        const credential = found.find(candidate => !isExpired(candidate, now())) ?? found[0];
        return credential === undefined ? KCM_RESULT.NOTFOUND : { credential };
      }),
    ({ credential }) => credential.endtime,
  ),
  reading(KCM.GET_PRINCIPAL, ({ name }, caches, { uid }) =>
    lookInto(name, caches, uid, ({ principal }) => ({ principal })),
  ),
  reading(KCM.GET_CRED_UUID_LIST, ({ name }, caches, { uid }) =>
    lookInto(name, caches, uid, contents => ({ uuids: credentialIds(contents) })),
  ),
  reading(KCM.GET_CRED_BY_UUID, ({ name, uuid }, caches, { uid }) =>
    lookInto(name, caches, uid, contents => {
      const credential = credentialById(contents, uuid);
      return credential === undefined ? KCM_RESULT.END : { credential };
    }),
  ),
  reading(KCM.GET_CRED_LIST, ({ name }, caches, { uid }) =>
    lookInto(name, caches, uid, ({ credentials }) => ({ credentials })),
  ),
  changing(KCM.REMOVE_CRED, ({ name, flags, tag }, caches, { uid }) =>
    edit(name, caches, uid, contents => {
      const credentials = contents.credentials.filter(credential => !matchesTag(credential, tag, flags));
      if (credentials.length === contents.credentials.length) {
        throw new KcmFailure(KCM_RESULT.NOTFOUND, `KCM:${name}`);
      }
      return { ...contents, credentials };
    }),
  ),
  changing(KCM.MOVE_CACHE, ({ from, to }, caches, { uid }) => {
    const source = existingName(from, caches, uid);
    const target = newName(to, caches, uid);
    if (source === target) return caches;
    const members = new Map(caches.members).set(target, caches.members.get(source)!);
    members.delete(source);
    return { primary: caches.primary === source ? target : caches.primary, members };
  }),
  reading(KCM.GET_CACHE_UUID_LIST, (_, caches, { uid }) => {
    const first = defaultName(caches, uid);
    const names = [...caches.members.keys()];
    return {
      uuids: [...names.filter(name => name === first), ...names.filter(name => name !== first)].map(cacheId),
    };
  }),
  reading(KCM.GET_CACHE_BY_UUID, ({ uuid }, { members }) => {
    const name = [...members.keys()].find(candidate => Buffer.compare(cacheId(candidate), uuid) === 0);
    return name === undefined ? KCM_RESULT.END : { name };
  }),
  reading(KCM.GET_DEFAULT_CACHE, (_, caches, { uid }) => ({ name: defaultName(caches, uid) })),
  changing(KCM.SET_DEFAULT_CACHE, ({ name }, caches, { uid }) => ({
    ...caches,
    primary: existingName(name, caches, uid),
  })),
  reading(KCM.GET_KDC_OFFSET, ({ name }, caches, { uid }) =>
    lookInto(name, caches, uid, ({ kdcOffset = 0 }) => ({ offset: Math.round(kdcOffset / 1000) })),
  ),
  changing(KCM.SET_KDC_OFFSET, ({ name, offset }, caches, { uid }) =>
    edit(name, caches, uid, contents => ({ ...contents, kdcOffset: milliseconds(offset) })),
  ),
  on(AGENT.STATUS, (_, state) => state.status()),
  on(AGENT.STOP, (_, state) => {
    state.stop();
    return {};
  }),
  on(AGENT.LOCK, (_, { store }) => {
    if (store.kind === 'memory')
      throw new KcmFailure(KCM_RESULT.NOSUPP, 'KCM:', 'The agent has no key to forget');
    store.lock();
    return {};
  }),
]);

/**
 * Answers a request, preceded by its length, at once if possible, and keeps nothing of its memory. Throws and rejects
 * with KerberosError.
 */
export function answerRequest(request: Uint8Array, state: AgentState): Soon<Uint8Array> {
  // After this answer, a client tries another way.
  return (
    answers.get(operationOf(request, LENGTH_BYTES))?.(request, state) ?? encodeFailure(KCM_RESULT.INTERNAL)
  );
}

function on<Q extends Shape, R extends Shape>(
  asked: Operation<Q, R>,
  handle: (values: ValuesOf<Q>, state: AgentState) => Soon<ValuesOf<R>>,
): [number, Answer] {
  const answer: Answer = (request, state) =>
    whenThere(handle(valuesOf(asked, request), state), values => encodeReply(asked, values));
  return [asked.code, answer];
}

/**
 * An operation answered from the current caches; the answer is valid until they change or, if `lasts` says so, earlier.
 */
function reading<Q extends Shape, R extends Shape>(
  asked: Operation<Q, R>,
  look: (values: ValuesOf<Q>, caches: SealedCaches, state: AgentState) => ValuesOf<R> | Refusal,
  lasts?: (values: ValuesOf<R>) => Date,
): [number, Answer] {
  const make = (request: Uint8Array, caches: SealedCaches, state: AgentState): Uint8Array => {
    const values = look(valuesOf(asked, request), caches, state);
    const refused = typeof values === 'number';
    const reply = refused ? encodeFailure(values) : encodeReply(asked, values);
    state.replies.keep(request, caches, reply, refused ? undefined : lasts?.(values));
    return reply;
  };
  const answer: Answer = (request, state) => {
    const caches = state.store.read();
    if (!(caches instanceof Promise))
      return state.replies.find(request, caches) ?? make(request, caches, state);
    const kept = new Uint8Array(request);
    return caches.then(there => state.replies.find(kept, there) ?? make(kept, there, state));
  };
  return [asked.code, answer];
}

/** In memory of their own, because changes keep them. */
function valuesOf<Q extends Shape>({ request: shape }: Operation<Q>, request: Uint8Array): ValuesOf<Q> {
  return readValues(shape, openRequest(new Uint8Array(request.subarray(LENGTH_BYTES))).reader);
}

/** An operation that makes new caches from the old ones, with an empty answer. */
function changing<Q extends Shape>(
  asked: Operation<Q, Record<string, never>>,
  work: (values: ValuesOf<Q>, caches: SealedCaches, state: AgentState) => SealedCaches,
): [number, Answer] {
  return on(asked, (values, state) => {
    const written = state.store.change(before => {
      const caches = work(values, before, state);
      checkSizes(caches, before);
      return { caches, value: {} };
    });
    return whenThere(written, nothing => {
      state.changed();
      return nothing;
    });
  });
}

function lookInto<V>(
  name: string,
  caches: SealedCaches,
  uid: number,
  look: (contents: CacheContents) => V | Refusal,
): V | Refusal {
  const found = knownName(name, caches, uid);
  return found === undefined ? KCM_RESULT.NOFILE : look(caches.members.get(found)!);
}

/** The caches with one added, or replaced as a whole. */
function put(name: string, contents: CacheContents, caches: SealedCaches, uid: number): SealedCaches {
  const target = newName(name, caches, uid);
  const primary = caches.members.size === 0 ? target : defaultName(caches, uid);
  return { primary, members: new Map(caches.members).set(target, contents) };
}

/** The caches with the contents of one changed. */
function edit(
  name: string,
  caches: SealedCaches,
  uid: number,
  work: (contents: CacheContents) => CacheContents,
): SealedCaches {
  const found = existingName(name, caches, uid);
  return { ...caches, members: new Map(caches.members).set(found, work(caches.members.get(found)!)) };
}

/** The protocol's seconds in milliseconds; undefined for a zero offset. */
function milliseconds(offset: number): number | undefined {
  return offset === 0 ? undefined : offset * 1000;
}

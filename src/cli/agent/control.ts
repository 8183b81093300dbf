import { setTimeout as sleep } from 'node:timers/promises';
import { isAnswered } from '../../agent/listen.ts';
import { AGENT } from '../../agent/operations.ts';
import { type KcmConnection, withKcm } from '../../ccache/kcm/connection.ts';
import type { ValuesOf } from '../../ccache/kcm/fields.ts';
import { errnoOf } from '../../errno.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import type { AgentPaths } from './paths.ts';

/** The status that an agent reports. */
export type AgentStatus = ValuesOf<typeof AGENT.STATUS.reply>;

/** Seconds that an agent has to end. */
const PATIENCE = 10;
const STEP = 20;

/** Undefined if no agent answers. */
export async function agentStatus({ socket }: Pick<AgentPaths, 'socket'>): Promise<AgentStatus | undefined> {
  return unlessAbsent(() => withKcm(socket, kcm => kcm.call(AGENT.STATUS, {})));
}

/** Makes the agent forget its key; resolves to whether there is an agent. */
export async function lockAgent({ socket }: AgentPaths): Promise<boolean> {
  return (await unlessAbsent(() => withKcm(socket, async kcm => kcm.call(AGENT.LOCK, {})))) !== undefined;
}

/** Ends the agent; resolves to whether there was one. */
export async function stopAgent({ socket }: AgentPaths): Promise<boolean> {
  const stop = (kcm: KcmConnection): Promise<unknown> => kcm.call(AGENT.STOP, {});
  if ((await unlessAbsent(() => withKcm(socket, stop))) === undefined) return false;
  for (const deadline = performance.now() + PATIENCE * 1000; await isAnswered(socket); await sleep(STEP)) {
    if (performance.now() > deadline) throw new KerberosError('AGENT_LISTEN', 'The agent does not end');
  }
  return true;
}

async function unlessAbsent<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const errno = error instanceof CcacheError && errnoOf(error.cause);
    if (errno === 'ENOENT' || errno === 'ECONNREFUSED' || errno === 'ENOTDIR') return undefined;
    throw error;
  }
}

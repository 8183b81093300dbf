import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT } from '../../agent/operations.ts';
import { type KcmConnection, withKcm } from '../../ccache/kcm/connection.ts';
import type { ValuesOf } from '../../ccache/kcm/fields.ts';
import { KCM } from '../../ccache/kcm/protocol.ts';
import { errnoOf, systemReason } from '../../errno.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import type { AgentPaths } from './paths.ts';

/** The status that an agent reports. */
export type AgentStatus = ValuesOf<typeof AGENT.STATUS.reply>;

/** Seconds that an agent has to end. */
const PATIENCE = 10;
const STEP = 20;

/** Undefined if no agent answers. */
export async function agentStatus({ socket }: Pick<AgentPaths, 'socket'>): Promise<AgentStatus | undefined> {
  return ask(socket, kcm => kcm.call(AGENT.STATUS, {}));
}

/** Makes the agent forget its key; resolves to whether there is an agent. */
export async function lockAgent({ socket }: AgentPaths): Promise<boolean> {
  return (await ask(socket, kcm => kcm.call(AGENT.LOCK, {}))) !== undefined;
}

/** Ends the agent; resolves to whether there was one. */
export async function stopAgent({ socket }: AgentPaths): Promise<boolean> {
  return (await ask(socket, stop)) ?? false;
}

/** The agent hangs up when it listens no more. Its socket may still be answered: by the one that systemd starts next. */
async function stop(kcm: KcmConnection): Promise<true> {
  await kcm.call(AGENT.STOP, {});
  for (const deadline = performance.now() + PATIENCE * 1000; await isThere(kcm); await sleep(STEP)) {
    if (performance.now() > deadline) throw new KerberosError('AGENT_LISTEN', 'The agent does not end');
  }
  return true;
}

async function isThere(kcm: KcmConnection): Promise<boolean> {
  try {
    await kcm.call(KCM.NOOP, {});
    return true;
  } catch {
    return false;
  }
}

async function ask<T>(socket: string, question: (kcm: KcmConnection) => Promise<T>): Promise<T | undefined> {
  try {
    return await withKcm(socket, question);
  } catch (error) {
    const cause = error instanceof CcacheError ? error.cause : undefined;
    const errno = errnoOf(cause);
    if (errno === undefined) throw error;
    if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(errno)) return undefined;
    const sentence = `The agent cannot be reached at ${socket}: ${systemReason(cause)}`;
    throw new KerberosError('AGENT_LISTEN', sentence, { cause: error });
  }
}

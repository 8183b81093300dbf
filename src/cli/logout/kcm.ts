import { existsSync } from 'node:fs';
import type { Ccache } from '../../ccache/ccache.ts';
import { errnoOf } from '../../errno.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { cachesAround } from '../../local/caches/named-caches.ts';
import { agentPaths } from '../agent/paths.ts';
import type { Session } from '../session.ts';

/** A KCM server that may keep tickets of the user. */
export interface KcmServer {
  /** Where it listens, `-` for nowhere; the usual place if not given. */
  readonly socket: string | undefined;
  /** Our own agent. */
  readonly ours: boolean;
}

/**
 * Our own agent, whatever names it, and the server that the configuration has; one whose socket is not there only where
 * a cache's name, being `KCM:`, has it looked for.
 */
export function kcmServers({ io, caches }: Session, isNamed: boolean): readonly KcmServer[] {
  const own = io.uid === undefined ? undefined : agentPaths(io).socket;
  const { kcmSocket } = caches;
  const agents = own !== undefined && existsSync(own) ? [{ socket: own, ours: true }] : [];
  const isThere = kcmSocket !== undefined && kcmSocket !== '-' && existsSync(kcmSocket);
  // Of our own, sealed tickets are destroyed without it, and others have ended with it.
  const isOther = kcmSocket === undefined || kcmSocket !== own;
  return isOther && (isNamed || isThere) ? [...agents, { socket: kcmSocket, ours: false }] : agents;
}

/** The caches of the user that a server keeps; none where a killed one has left its socket. */
export async function kcmCaches({ socket, ours }: KcmServer, session: Session): Promise<readonly Ccache[]> {
  const { dataDirectory } = session.caches;
  const keychain = () => session.caches.keychain();
  try {
    if (ours && (await during('asking the agent', () => isEmptied(session)))) return [];
    const caches = { dataDirectory, keychain, kcmSocket: socket };
    const found = await cachesAround('KCM:', { ...session, caches });
    // A server may show its superuser those of everybody.
    return ours ? found : found.filter(({ residual }) => !isOfAnother(residual, session.io.uid));
  } catch (error) {
    if (error instanceof ActivityError && causeOf(error.cause) === 'ECONNREFUSED') return [];
    throw error;
  }
}

/** Whether our agent does not run, or what it kept has gone with the sealed tickets; it then forgets their key. */
async function isEmptied({ io }: Session): Promise<boolean> {
  const { agentStatus, lockAgent } = await import('../agent/control.ts');
  const paths = agentPaths(io);
  const status = await agentStatus(paths);
  if (status === undefined) return true;
  if (status.kind !== 'keychain' || status.caches !== 0) return false;
  await lockAgent(paths);
  return true;
}

function causeOf(error: unknown): string | undefined {
  return errnoOf(error instanceof Error ? error.cause : undefined);
}

/** Servers name caches by the number of their user, alone or with a colon and more after it. */
function isOfAnother(name: string, uid: number | undefined): boolean {
  const [, number] = /^(\d+)(?::|$)/.exec(name) ?? [];
  return number !== undefined && uid !== undefined && number !== String(uid);
}

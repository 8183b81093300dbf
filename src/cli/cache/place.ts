import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { KerberosError } from '../../errors.ts';
import type { Session } from '../session.ts';

/** Whether two names mean the same cache: moving a cache onto itself would destroy it. */
export async function isSamePlace(a: Ccache, b: Ccache, session: Session): Promise<boolean> {
  if (placeOf(a, session) === placeOf(b, session)) return true;
  const types = [a.type, b.type];
  const mayBeSealed = types.includes('KCM') && types.includes('KEYCHAIN') && a.residual === b.residual;
  return mayBeSealed && (await servesSealedTickets(session));
}

/** A canonical name for a cache. */
function placeOf({ type, residual }: Ccache, { io }: Session): string {
  if (type !== 'FILE' && type !== 'DIR') return ccacheName({ type, residual });
  const path = resolve(io.cwd, type === 'DIR' ? residual.slice(1) : residual);
  try {
    return `FILE:${join(realpathSync(dirname(path)), basename(path))}`;
  } catch {
    return `FILE:${path}`;
  }
}

/** Whether the KCM server is our agent, which serves the KEYCHAIN caches under the same names. */
async function servesSealedTickets({ caches }: Session): Promise<boolean> {
  const { kcmSocket: socket } = caches;
  if (socket === undefined) return false;
  const { agentStatus } = await import('../agent/control.ts');
  try {
    return (await agentStatus({ socket }))?.kind === 'keychain';
  } catch (error) {
    // Other servers do not know this operation.
    if (error instanceof KerberosError) return false;
    throw error;
  }
}

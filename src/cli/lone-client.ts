import type { ProcessLike } from './terminal.ts';

/**
 * Has Node take this process for one that could have no workers. With the first datagram socket Node loads its cluster
 * module, which for a process that could have them loads child_process, net and all streams as well: a tenth of the
 * time of a kinit. NODE_UNIQUE_ID tells Node which of the two it is. Not for commands that listen: a worker's sockets
 * are opened by its primary.
 */
export function forgoWorkers({ env, getBuiltinModule }: ProcessLike): void {
  if (env.NODE_UNIQUE_ID !== undefined) return;
  env.NODE_UNIQUE_ID = '0';
  try {
    getBuiltinModule('node:cluster');
  } finally {
    delete env.NODE_UNIQUE_ID; // no child of ours is a worker
  }
}

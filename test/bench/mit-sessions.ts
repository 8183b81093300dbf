import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { findProgram } from '../support/peers.ts';

const SESSIONS = 4;

/** What a user of MIT's programs does in a session, each program with its own connections. */
const SESSION: readonly (readonly string[])[] = [
  ['kinit', '-k', 'alice'],
  ['kvno', 'HTTP/localhost'],
  ['kvno', 'HTTP/localhost', 'host/localhost'],
  ['kvno', 'HTTP/localhost'],
  ['klist'],
  ['klist', '-s'],
  ['klist', '-A'],
  ['klist', '-l'],
  ['kswitch', '-p', 'alice'],
  ['kdestroy', '-A'],
];

export const SESSION_PROGRAMS = SESSION.length;

/** Has `work` run sessions over the KCM server of a socket; a run gives how many there were. */
export async function withMitSessions<T>(
  work: (run: (socket: string) => Promise<number>) => Promise<T>,
): Promise<T> {
  const kdc = await startMitKdc();
  try {
    return await work(async socket => sessions(socket, kdc));
  } finally {
    await kdc.stop();
  }
}

function sessions(socket: string, kdc: MitKdc): number {
  const config = join(kdc.dir, 'kcm.conf');
  const line = `[libdefaults]\n  kcm_socket = ${socket}\n  default_client_keytab_name = ${kdc.clientKeytab}\n`;
  writeFileSync(config, readFileSync(kdc.krb5Conf, 'utf8').replace('[libdefaults]\n', line));
  const env = { ...kdc.env, KRB5_CONFIG: config, KRB5CCNAME: 'KCM:', KRB5_KTNAME: kdc.clientKeytab };
  for (let i = 0; i < SESSIONS; i++) {
    for (const [program, ...args] of SESSION) {
      const { status, stderr } = spawnSync(findProgram(program!)!, args, { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    }
  }
  return SESSIONS;
}

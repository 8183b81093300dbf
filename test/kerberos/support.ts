import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

/** A realm of our own and what a process must be told to be in it. */
export interface Realm {
  readonly kdc: RunningKdc;
  readonly dir: string;
  /** KRB5_CONFIG, KRB5CCNAME (a FILE cache of alice's), KRB5_KTNAME (of the services), KRB5RCACHEDIR. */
  readonly env: Readonly<Record<string, string>>;
  /** Puts the ticket-granting ticket of a user into the cache `name`. */
  signIn(user: string, name: string): Promise<void>;
  stop(): Promise<void>;
}

export const PASSWORDS: Readonly<Record<string, string>> = { alice: 'alicepw', bob: 'bobpw' };

/** A.TEST with alice, bob and the services HTTP, host and mongodb on localhost, whose keys are in the keytab. */
export async function startRealm(): Promise<Realm> {
  const dir = mkdtempSync(join(tmpdir(), 'kerberos-'));
  const services = ['HTTP/localhost', 'host/localhost', 'mongodb/localhost'];
  const kdc = await startKdc({
    realm: 'A.TEST',
    users: Object.entries(PASSWORDS).map(([name, password]) => ({ name, password })),
    services,
  });
  const env = {
    KRB5_CONFIG: join(dir, 'krb5.conf'),
    KRB5CCNAME: `FILE:${join(dir, 'ccache')}`,
    KRB5_KTNAME: `FILE:${join(dir, 'keytab')}`,
    KRB5_CLIENT_KTNAME: `FILE:${join(dir, 'none')}`,
    KRB5RCACHEDIR: dir,
  };
  const config = `[libdefaults]\ndns_canonicalize_hostname = false\nqualify_shortname = ""\n${kdc.krb5Conf()}`;
  writeFileSync(env.KRB5_CONFIG, config);
  await resolveKeytab(env.KRB5_KTNAME).add(kdc.keytab(...services));

  async function signIn(user: string, name: string): Promise<void> {
    const client = parsePrincipal(user, { defaultRealm: kdc.realm });
    const password = async () => PASSWORDS[user]!;
    const { credential } = await getInitialCredential(client, { password }, { transport: kdc.transport });
    const cache = await resolveCcache(name, { dataDirectory: dir, keychain: noKeychain });
    await cache.initialize({ principal: client, credentials: [credential] });
  }
  await signIn('alice', env.KRB5CCNAME);
  return {
    kdc,
    dir,
    env,
    signIn,
    async stop() {
      await kdc.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function noKeychain(): Promise<never> {
  throw new Error('no test is to ask for a keychain');
}

/** Changes this process's environment; the function returned puts it back. */
export function withEnvironment(env: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(env).map(name => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

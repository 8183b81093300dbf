// What the other examples share: contexts with the tickets of KRB5CCNAME, by the krb5.conf of KRB5_CONFIG.
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import {
  createConfig,
  createTransport,
  defaultConfigFiles,
  hostBasedPrincipal,
  loadProfile,
  openContext,
  openKeychain,
  resolveCcache,
  splitConfigPath,
} from 'krb5kit';

const { env, platform } = process;

/** A context with a service of a host, such as `imap` of `mail.example.com`, which is yet to be established. */
export async function openService(service, host, options) {
  const { uid, username } = userInfo();
  const files = env.KRB5_CONFIG ? splitConfigPath(env.KRB5_CONFIG, platform) : defaultConfigFiles(platform);
  const config = createConfig(loadProfile(files), { uid, euid: uid, username, temp: tmpdir() });
  const cache = await resolveCcache(env.KRB5CCNAME || `FILE:/tmp/krb5cc_${uid}`, {
    dataDirectory: join(homedir(), '.local/share/krb5kit'),
    keychain: () => openKeychain(env),
  });
  // Where krb5.conf does not know the host's realm, the KDC is asked for it.
  const server = hostBasedPrincipal(service, host, config.realmOfHost(host) ?? '');
  return openContext(server, cache, { transport: createTransport(config), ...options });
}

/** The flags of a context whose messages shall have that protection: `none`, `integrity` or `confidentiality`. */
export function flagsFor(protection) {
  return { integrity: protection !== 'none', confidentiality: protection === 'confidentiality' };
}

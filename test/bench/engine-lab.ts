import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { CLIENT_PURPOSE, certify, KDC_PURPOSE } from '../support/pki.ts';

/** What the clients of `engine` need to know of the KDC, all of them the same. */
export interface EngineLab {
  readonly client: string;
  readonly service: string;
  readonly password: string;
  readonly port: number;
  /** `FILE:` and its path, and its AES-256 key in hexadecimal. */
  readonly keytab: string;
  readonly key: string;
  /** `FILE:` and the paths of a certificate and its key, and that of the authority. */
  readonly identity: string;
  readonly anchors: string;
  /** Files that prefer one mechanism each. */
  readonly configs: Readonly<Record<keyof typeof MECHANISMS, string>>;
}

/** Types of pre-authentication data. */
export const MECHANISMS = { timestamp: 2, spake: 151, pkinit: 16 } as const;

const REALM = 'A.TEST';
const client = `alice@${REALM}`;
const AES256 = 18;
const DIGITAL_SIGNATURE = 0x80000000;

/** Has `work` done with a KDC of MIT's that offers every mechanism, and writes nothing for a login. */
export async function withEngineLab<T>(work: (lab: EngineLab) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const authority = certify('CA', { ca: true, key: 'rsa' });
  const issue = (name: string, purpose: string, principal: ReturnType<typeof parsePrincipal>): string => {
    const own = { principals: [principal], purposes: [purpose], keyUsage: DIGITAL_SIGNATURE };
    const wishes = { issuer: authority, key: 'rsa', ...own } as const;
    const { pem } = certify(name, wishes);
    return `FILE:${file(`${name}.pem`, pem.certificate)},${file(`${name}.key`, pem.key)}`;
  };
  const anchors = `FILE:${file('ca.pem', authority.pem.certificate)}`;
  const kdcIdentity = issue('kdc', KDC_PURPOSE, tgsPrincipal(REALM));
  const kdc = await startMitKdc({
    name: REALM,
    realm: ['database_module = quiet', `pkinit_identity = ${kdcIdentity}`, `pkinit_anchors = ${anchors}`],
    libdefaults: ['spake_preauth_groups = edwards25519', `pkinit_anchors = ${anchors}`],
    // Else the KDC waits for the disk after each login.
    sections:
      '[dbmodules]\n  quiet = {\n    db_library = db2\n    disable_last_success = true\n    disable_lockout = true\n  }\n',
  });
  try {
    const profile = readFileSync(kdc.krb5Conf, 'utf8');
    const preferring = (type: number): string =>
      profile.replace('[libdefaults]\n', `[libdefaults]\n  preferred_preauth_types = ${type}\n`);
    const entries = KeytabFile.decode(readFileSync(kdc.clientKeytab));
    const { keyvalue } = entries.find(({ key }) => key.keytype === AES256)!.key;
    return await work({
      client,
      service: `HTTP/localhost@${REALM}`,
      password: 'alicepw',
      port: kdc.port,
      keytab: `FILE:${kdc.clientKeytab}`,
      key: Buffer.from(keyvalue).toString('hex'),
      identity: issue('alice', CLIENT_PURPOSE, parsePrincipal(client)),
      anchors,
      configs: {
        timestamp: file('timestamp.conf', preferring(MECHANISMS.timestamp)),
        spake: file('spake.conf', preferring(MECHANISMS.spake)),
        pkinit: file('pkinit.conf', preferring(MECHANISMS.pkinit)),
      },
    });
  } finally {
    await kdc.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

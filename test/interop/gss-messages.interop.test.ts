import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileType } from '../../src/ccache/file.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { KRB5 } from '../../src/gss/oids.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { alice, HOUR, makeCredential } from '../ap/made-up.ts';
import { type GssLibrary, type GssLibraryName, openGssLibrary } from '../support/gss-library.ts';
import { describePeer } from '../support/peers.ts';

const unused = () => Promise.reject(new TypeError('no keychain is needed here'));
// GSS_C_*_FLAG: replay, sequence, confidentiality and integrity.
const UNILATERAL = 4 | 8 | 16 | 32;
const MUTUAL = 2;
const sizes = [0, 1, 15, 16, 17, 1000, 65536];

// No KDC: the ticket is made up, and both sides get what a KDC would have given them.
function suite(name: GssLibraryName, etypes: readonly number[]): void {
  const server = parsePrincipal('sample/localhost@A.TEST');
  const key = randomKey(18);
  const keytab: readonly KeytabEntry[] = [
    { principal: server, timestamp: new Date(), kvno: 3, key: toEncryptionKey(key) },
  ];
  let dir: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'krb5kit-gss-messages-'));
    const conf = [
      '[libdefaults]',
      'default_realm = A.TEST',
      'dns_canonicalize_hostname = false',
      'rdns = false',
    ];
    conf.push('allow_weak_crypto = true', 'allow_rc4 = true');
    writeFileSync(join(dir, 'krb5.conf'), `${conf.join('\n')}\n[domain_realm]\nlocalhost = A.TEST\n`);
    env = {
      KRB5_CONFIG: join(dir, 'krb5.conf'),
      KRB5_KTNAME: `FILE:${join(dir, 'keytab')}`,
      KRB5RCACHENAME: 'none:',
      KRB5RCACHETYPE: 'none',
    };
    await resolveKeytab(`FILE:${join(dir, 'keytab')}`).add(keytab);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function credentialOf(sessionEtype: number): Credential {
    const now = Date.now();
    const part = { authtime: new Date(now - HOUR * 1000), endtime: new Date(now + HOUR * 1000) };
    return makeCredential({ server, key, sessionEtype, part });
  }

  /** Messages of every size, in every form, from one to the other. */
  async function converse(ours: SecurityContext, theirs: GssLibrary): Promise<void> {
    for (const size of sizes) {
      const message = new Uint8Array(size).fill(size % 251);
      for (const seal of [true, false]) {
        expect(Buffer.compare(await theirs.unwrap(ours.wrap(message, { seal })), message)).toBe(0);
        const token = await (seal ? theirs.wrap(message) : theirs.sign(message));
        const unwrapped = ours.unwrap(token);
        expect(unwrapped.sealed).toBe(seal);
        expect(Buffer.compare(unwrapped.message, message)).toBe(0);
      }
      await theirs.verifyMic(message, ours.mic(message));
      ours.verifyMic(message, await theirs.mic(message));
    }
  }

  /** Whether the acceptor chooses a key of its own; Heimdal's pseudo-random bytes need one. */
  function choosesKey(etype: number, flags: number): boolean {
    return etype !== 23 && (flags & MUTUAL) !== 0;
  }

  async function compareRandom(ours: SecurityContext, theirs: GssLibrary): Promise<void> {
    const input = Buffer.from('any input');
    expect(Buffer.compare(ours.prf(input, 100), await theirs.prf(input))).toBe(0);
  }

  describe.each(etypes)('with a session key of enctype %i', etype => {
    it.each([true, false])(
      'our initiator’s messages and its acceptor’s come through; mutual: %s',
      async mutual => {
        const theirs = await openGssLibrary(name, env, { side: 'acceptor', mechanism: KRB5 });
        try {
          const ours = createInitiator(credentialOf(etype), { flags: { mutual } });
          const reply = await theirs.step(await ours.step());
          expect(reply).toMatchObject({ complete: true, error: undefined });
          if (reply.token !== undefined) await ours.step(reply.token);
          expect(ours.established).toBe(true);
          await converse(ours, theirs);
          if (choosesKey(etype, mutual ? MUTUAL : 0) || name === 'mit') await compareRandom(ours, theirs);
        } finally {
          theirs.stop();
        }
      },
    );

    it.each([UNILATERAL | MUTUAL, UNILATERAL])(
      'its initiator’s messages and our acceptor’s come through; flags: %i',
      async flags => {
        const path = join(dir, `cc-${etype}-${flags}`);
        await fileType
          .resolve(path, { dataDirectory: dir, keychain: unused })
          .initialize({ principal: alice, credentials: [credentialOf(etype)] });
        const options = { side: 'initiator', mechanism: KRB5, target: 'sample@localhost', flags } as const;
        const theirs = await openGssLibrary(name, { ...env, KRB5CCNAME: `FILE:${path}` }, options);
        try {
          const ours = createAcceptor({ keytab, permittedEnctypes: etypes });
          const first = await theirs.step();
          expect(first.error).toBeUndefined();
          const reply = await ours.step(first.token);
          if (reply !== undefined) expect(await theirs.step(reply)).toMatchObject({ complete: true });
          await converse(ours, theirs);
          if (choosesKey(etype, flags) || name === 'mit') await compareRandom(ours, theirs);
        } finally {
          theirs.stop();
        }
      },
    );
  });
}

describePeer('mit-gss', () => suite('mit', [17, 18, 19, 20, 23, 25, 26]));
describePeer('heimdal-gss', () => suite('heimdal', [17, 18, 19, 20, 23]));

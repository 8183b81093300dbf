import { beforeEach, describe, expect, it } from 'vitest';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { klist } from '../../src/cli/klist.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { randomKey } from '../../src/crypto/key.ts';
import {
  AD_AUTHENTICATION_INDICATOR,
  AD_CAMMAC,
  AdCammac,
  AuthenticationIndicators,
  KU_CAMMAC,
} from '../../src/messages/authorization.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { AuthorizationData } from '../../src/messages/types.ts';
import { makeCredential } from '../ap/made-up.ts';
import { scratch } from '../ccache/samples.ts';
import { credential, NOW, tgt } from '../ccache/tickets.ts';
import type { CaptureOptions } from '../support/io.ts';
import { runAt, writeCache, writeKeytab } from './caches.ts';

const key = randomKey(18);
const host = parsePrincipal('host/x@A.TEST');
let home: string;
let cache: string;
let keytab: string;

beforeEach(() => {
  home = scratch();
  const plain = { ...credential('http/x@A.TEST'), ticket: makeCredential({ server: host }).ticket };
  const note = configEntry(tgt.client, 'pa_type', undefined, '2');
  cache = writeCache(home, [tgt, note, withIndicators('otp', 'smart\u001bcard'), plain]);
  keytab = writeKeytab(home, [{ principal: host, timestamp: NOW, kvno: 1, key: toEncryptionKey(key) }]);
});

function withIndicators(...names: readonly string[]) {
  const adData = AuthenticationIndicators.encode(names);
  const elements = [{ adType: AD_AUTHENTICATION_INDICATOR, adData }];
  const mac = makeChecksum(key, KU_CAMMAC, AuthorizationData.encode(elements));
  const cammac = { adType: AD_CAMMAC, adData: AdCammac.encode({ elements, svcVerifier: { mac } }) };
  const { ticket } = makeCredential({ server: host, key, part: { authorizationData: [cammac] } });
  return { ...credential('host/x@A.TEST'), ticket };
}

const run = (argv: readonly string[], options?: CaptureOptions) => runAt(home, klist, argv, options);

describe('klist -I', () => {
  it('shows the indicators of the tickets that the keytab opens, last of all', async () => {
    const { status, io } = await run(['-I', keytab, '-f', '-a', '-n', '-C', cache]);
    expect([status, io.stderr]).toEqual([0, '']);
    const [, after] = io.stdout.split('host/x@A.TEST\n');
    expect(after!.split('\n').slice(0, 3)).toEqual([
      '\tFlags: FRIA',
      '\tAddresses: (none)',
      '\tAuthentication indicators: otp, smart\u001bcard',
    ]);
    expect(io.stdout.split('Authentication indicators')).toHaveLength(2);
  });

  it('writes nothing to a terminal that could steer it', async () => {
    const { io } = await run(['-I', keytab, cache], { stdoutIsTerminal: true });
    expect(io.stdout).toContain('otp, smart?card');
  });

  it('takes the default keytab for -', async () => {
    const { io } = await run(['-I', '-', cache], { env: { KRB5_KTNAME: keytab } });
    expect(io.stdout).toContain('Authentication indicators: otp');
  });

  it('says that there is no such keytab, and lists nothing', async () => {
    const { status, io } = await run(['-I', '/nonexistent', cache]);
    expect(status).toBe(1);
    expect(io.stdout).toBe('');
    expect(io.stderr).toBe("klist: Key table file '/nonexistent' not found while starting keytab scan\n");
  });

  it('is not for keytabs', async () => {
    const { status, io } = await run(['-k', '-I', keytab, keytab]);
    expect([status, io.stderr.split(' ')[0]]).toEqual([1, 'Usage:']);
  });
});

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { fileType } from '../../src/ccache/file.ts';
import { enctypeName } from '../../src/crypto/enctype-names.ts';
import { type AcceptorOptions, createAcceptor } from '../../src/gss/acceptor.ts';
import type { ChannelBindings, SecurityContext } from '../../src/gss/context.ts';
import { type OpenContextOptions, openContext } from '../../src/gss/initiate.ts';
import { KRB5 } from '../../src/gss/oids.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { SPNEGO } from '../../src/gss/spnego/messages.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import {
  type GssLibrary,
  type GssLibraryName,
  type GssLibraryStep,
  openGssLibrary,
} from '../support/gss-library.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import {
  CONF,
  DCE_STYLE,
  DELEG,
  INTEG,
  MUTUAL,
  type PythonContext,
  REPLAY,
  SEQUENCE,
  startPythonContext,
} from '../support/python-gssapi.ts';

// Every way to open a context, with every library, in both directions: mechanism, mutual or not, delegation, bindings,
// enctype; and messages of up to 16 MiB, sealed and not.

const ETYPES = [17, 18, 19, 20, 23, 25, 26];
const USUAL = REPLAY | SEQUENCE | CONF | INTEG;
const host = parsePrincipal('host/localhost@A.TEST');
const bindings: ChannelBindings = { applicationData: Buffer.from('tls-server-end-point:0123456789abcdef') };
const other: ChannelBindings = { applicationData: Buffer.from('tls-server-end-point:fedcba9876543210') };

let kdc: MitKdc;
let keytab: readonly KeytabEntry[];
let caches = 0;
const opened: (() => void)[] = [];

async function setUp(): Promise<void> {
  kdc = await startMitKdc({ libdefaults: ['allow_rc4 = true', 'forwardable = true'] });
  kdc.kadmin(['modprinc +ok_as_delegate host/localhost']);
  const { status, stderr } = await kdc.run('kinit', ['-f', 'alice'], 'alicepw\n');
  expect([status, stderr]).toEqual([0, '']);
  keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
}

async function tearDown(): Promise<void> {
  await kdc?.stop();
}

function endAll(): void {
  for (const end of opened.splice(0)) end();
}

/** A copy of the cache with alice's ticket-granting ticket alone, and an environment that uses it. */
function freshCache() {
  const path = join(kdc.dir, `fresh-${caches++}`);
  copyFileSync(join(kdc.dir, 'ccache'), path);
  const keychain = () => Promise.reject(new Error('no keychain is to be asked for'));
  const cache = fileType.resolve(path, { dataDirectory: kdc.dir, keychain }) as Ccache;
  return { cache, env: { ...kdc.env, KRB5CCNAME: `FILE:${path}` } };
}

function open(options: Partial<OpenContextOptions> = {}): Promise<SecurityContext> {
  const transport: OpenContextOptions['transport'] = (_, request) =>
    exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
      resendAfter: [],
      signal: AbortSignal.timeout(20_000),
    });
  return openContext(host, freshCache().cache, { transport, ...options });
}

function accept(options: Partial<AcceptorOptions> = {}): SecurityContext {
  const permittedEnctypes = ETYPES;
  return createSpnegoAcceptor({ keytab, permittedEnctypes, ...options });
}

/** One side of a library's context, of the realm's keytab or of alice's cache. */
async function theirs(
  name: GssLibraryName,
  options: Partial<Parameters<typeof openGssLibrary>[2]> = {},
): Promise<GssLibrary> {
  const { env } = freshCache();
  const usual = {
    side: 'acceptor',
    mechanism: KRB5,
    target: 'host@localhost',
    flags: USUAL | MUTUAL,
  } as const;
  const library = await openGssLibrary(name, env, { ...usual, ...options });
  opened.push(() => library.stop());
  return library;
}

/** Both sides talk until neither has anything to say; resolves to what the library says of the context. */
async function converse(ours: SecurityContext, library: GssLibrary): Promise<GssLibraryStep> {
  let token = library.side === 'acceptor' ? await ours.step() : undefined;
  let step: GssLibraryStep;
  do {
    step = await library.step(token);
    if (step.error !== undefined) {
      if (step.token !== undefined) await ours.step(step.token).catch(() => undefined);
      throw new Error(step.error);
    }
    token = step.token && (await ours.step(step.token));
  } while (token !== undefined);
  expect([ours.established, step.complete]).toEqual([true, true]);
  return step;
}

async function exchange(ours: SecurityContext, library: GssLibrary, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const message = Buffer.alloc(size, 'message');
    for (const seal of [true, false]) {
      expect(message.equals(await library.unwrap(ours.wrap(message, { seal })))).toBe(true);
      const sent = ours.unwrap(await (seal ? library.wrap(message) : library.sign(message)));
      expect(sent.sealed).toBe(seal);
      expect(message.equals(sent.message)).toBe(true);
    }
    await library.verifyMic(message, ours.mic(message));
    ours.verifyMic(message, await library.mic(message));
  }
}

function withLibrary(name: GssLibraryName, etypes: readonly number[]): void {
  beforeAll(setUp);
  afterEach(endAll);
  afterAll(tearDown);

  const ways = ['krb5', 'spnego'].flatMap(mechanism =>
    [true, false].flatMap(mutual =>
      [true, false].flatMap(delegation =>
        [true, false].map(bound => [mechanism, mutual, delegation, bound] as const),
      ),
    ),
  );

  describe.each(ways)(
    'by %s; mutual: %s, delegation: %s, bindings: %s',
    (mechanism, mutual, delegates, bound) => {
      const channelBindings = bound ? bindings : undefined;
      const asked = {
        mechanism: mechanism === 'krb5' ? KRB5 : SPNEGO,
        ...(bound && { bindings: bindings.applicationData }),
      };

      it('its acceptor takes our initiator', async () => {
        const ours = await open({
          mechanism: mechanism as 'krb5' | 'spnego',
          flags: { mutual },
          delegation: delegates ? 'policy' : 'none',
          channelBindings,
        });
        const step = await converse(ours, await theirs(name, asked));
        expect(step.flags & (MUTUAL | DELEG)).toBe((mutual ? MUTUAL : 0) | (delegates ? DELEG : 0));
        expect(step.delegated).toBe(delegates ? 'alice@A.TEST' : undefined);
        expect(ours.info.flags).toMatchObject({ mutual, delegation: delegates });
      });

      it('our acceptor takes its initiator', async () => {
        const flags = USUAL | (mutual ? MUTUAL : 0) | (delegates ? DELEG : 0);
        const ours = accept({ channelBindings, requireBindings: bound });
        await converse(ours, await theirs(name, { ...asked, side: 'initiator', flags }));
        expect(ours.info).toMatchObject({
          initiator: { components: ['alice'] },
          flags: { mutual, delegation: delegates },
        });
        expect(ours.info.delegated?.[0]?.server.components).toEqual(
          delegates ? ['krbtgt', 'A.TEST'] : undefined,
        );
      });
    },
  );

  it.each([KRB5, SPNEGO])('a channel that is another is refused by both, in %s', async mechanism => {
    const ours = await open({
      mechanism: mechanism === KRB5 ? 'krb5' : 'spnego',
      channelBindings: other,
    });
    await expect(
      converse(ours, await theirs(name, { mechanism, bindings: bindings.applicationData })),
    ).rejects.toThrow();
    const library = await theirs(name, {
      ...{ side: 'initiator', mechanism, bindings: other.applicationData },
    });
    await expect(converse(accept({ channelBindings: bindings }), library)).rejects.toMatchObject({
      major: 'BAD_BINDINGS',
    });
  });

  describe.each(etypes)('with a session key of enctype %i', etype => {
    beforeAll(() => void kdc.kadmin([`setstr host/localhost session_enctypes ${enctypeName(etype)}`]));
    afterAll(() => void kdc.kadmin(['delstr host/localhost session_enctypes']));

    it('messages of 0 bytes to 16 MiB come through, both ways, sealed or not', async () => {
      const ours = await open({ enctypes: [etype] });
      const acceptor = await theirs(name);
      await converse(ours, acceptor);
      await exchange(ours, acceptor, [0, 1, 1 << 16, 1 << 24]);
    }, 180_000);

    it('and those of its initiator', async () => {
      const ours = accept();
      const initiator = await theirs(name, { side: 'initiator' });
      await converse(ours, initiator);
      expect(ours.info.ticket?.key.keytype).toBe(etype);
      await exchange(ours, initiator, [0, 1, 1 << 16]);
    });
  });
}

describePeer('mit-gss', () => withLibrary('mit', [17, 18, 19, 20, 23, 25, 26]));
describePeer('heimdal-gss', () => withLibrary('heimdal', [17, 18, 19, 20, 23]));

describePeer('python-gssapi', () => {
  beforeAll(setUp);
  afterEach(endAll);
  afterAll(tearDown);

  function mit(role: 'initiator' | 'acceptor'): PythonContext {
    const flags = USUAL | MUTUAL | DCE_STYLE;
    const context = startPythonContext({ role, target: 'host@localhost', flags }, freshCache().env);
    opened.push(() => context.end());
    return context;
  }

  async function exchangeInPlace(ours: SecurityContext, context: PythonContext): Promise<void> {
    for (const size of [0, 1, 16, 1 << 16]) {
      const message = Buffer.alloc(size, 'message');
      for (const seal of [true, false]) {
        const token = ours.wrap(message, { seal });
        const received = await context.unwrapIov(token, size);
        expect(received.sealed).toBe(seal);
        expect(message.equals(received.message)).toBe(true);
        const sent = ours.unwrap(await context.wrapIov(message, seal));
        expect(sent.sealed).toBe(seal);
        expect(message.equals(sent.message)).toBe(true);
      }
    }
  }

  describe.each(ETYPES)('DCE style, with a session key of enctype %i', etype => {
    beforeAll(() => void kdc.kadmin([`setstr host/localhost session_enctypes ${enctypeName(etype)}`]));
    afterAll(() => void kdc.kadmin(['delstr host/localhost session_enctypes']));

    it('messages keep their place and length, from our initiator and to it', async () => {
      const acceptor = mit('acceptor');
      const ours = await open({ enctypes: [etype], flags: { dceStyle: true } });
      const { token } = await acceptor.step(await ours.step());
      await acceptor.step(await ours.step(token));
      await exchangeInPlace(ours, acceptor);
    });

    it('and with our acceptor', async () => {
      const initiator = mit('initiator');
      const ours = createAcceptor({ keytab, permittedEnctypes: [etype, 18] });
      const reply = await ours.step((await initiator.step()).token);
      await ours.step((await initiator.step(reply)).token);
      await exchangeInPlace(ours, initiator);
    });
  });
});

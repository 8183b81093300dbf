import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import type { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator, type InitiatorOptions } from '../../src/gss/initiator.ts';
import { KRB5 } from '../../src/gss/oids.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator, initiateNegotiation } from '../../src/gss/spnego/initiator.ts';
import { KRB5_NAMES } from '../../src/gss/spnego/mechanisms.ts';
import {
  decodeNegTokenInit,
  encodeNegTokenInit,
  InitialToken,
  MechTypeList,
  SPNEGO,
} from '../../src/gss/spnego/messages.ts';
import { type KeytabEntry, resolveKeytab } from '../../src/keytab/keytab.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import { fake, OTHER } from '../gss/spnego-support.ts';
import {
  type GssLibrary,
  type GssLibraryName,
  type GssLibraryOptions,
  type GssLibraryStep,
  openGssLibrary,
} from '../support/gss-library.ts';
import { serveGssClient } from '../support/gss-sample.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

const IAKERB = '1.3.6.1.5.2.5';
const [MUTUAL, DCE_STYLE, USUAL, UNORDERED] = [0x2, 0x1000, 0x3c, 0x30];

let kdc: MitKdc;
let keytab: readonly KeytabEntry[];
let credential: Credential;
const opened: GssLibrary[] = [];

async function setUp(): Promise<void> {
  kdc = await startMitKdc();
  keytab = await resolveKeytab(`FILE:${kdc.keytab}`).entries();
  const transport = (_: string, request: Uint8Array): Promise<Uint8Array> =>
    exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, request, {
      resendAfter: [],
      signal: AbortSignal.timeout(20_000),
    });
  const password = async (): Promise<string> => 'alicepw';
  const alice = parsePrincipal('alice@A.TEST');
  const { credential: tgt } = await getInitialCredential(alice, { password }, { transport });
  const host = parsePrincipal('host/localhost@A.TEST');
  credential = await exchangeTgs(tgt, host, { kdcOptions: 0 }, { transport });
  expect((await kdc.run('kinit', ['alice'], 'alicepw\n')).status).toBe(0);
}

async function tearDown(): Promise<void> {
  await kdc?.stop();
}

function stopLibraries(): void {
  for (const library of opened.splice(0)) library.stop();
}

const libraries = [
  ['mit-gss', 'mit'],
  ['heimdal-gss', 'heimdal'],
] as const;

for (const [peer, name] of libraries) {
  describePeer(peer, () => {
    beforeAll(setUp);
    afterEach(stopLibraries);
    afterAll(tearDown);

    describe.each<[string, InitiatorOptions]>([
      ['mutual', {}],
      ['one-sided', { flags: { mutual: false } }],
      ['DCE-style', { flags: { dceStyle: true } }],
    ])('our initiator, %s', (_, options) => {
      it('is known to its acceptor', async () => {
        const initiator = createSpnegoInitiator(createInitiator(credential, options));
        await expectTalk(initiator, await open(name, { side: 'acceptor', mechanism: SPNEGO }));
      });

      if (isCareless(name, options)) return;
      it('is known to its acceptor, and both vouch for the list', async () => {
        const initiator = initiateNegotiation([
          fake('initiator', { legs: 2 }, [OTHER]),
          { oids: KRB5_NAMES, create: () => createInitiator(credential, options) },
        ]);
        await expectTalk(initiator, await open(name, { side: 'acceptor', mechanism: SPNEGO }));
      });
    });

    describe.each<[string, number]>([
      ['mutual', MUTUAL | USUAL],
      // Heimdal's initiator counts an acceptor's messages from zero where it has had no AP-REP.
      ['one-sided', name === 'heimdal' ? UNORDERED : USUAL],
      ['DCE-style', MUTUAL | DCE_STYLE | USUAL],
    ])('our acceptor knows its initiator, %s', (_, flags) => {
      const side = 'initiator';
      const target = 'host@localhost';

      it.each([
        ['SPNEGO', SPNEGO],
        ['Kerberos without SPNEGO', KRB5],
      ])('by %s', async (__, mechanism) => {
        const acceptor = accept();
        await expectTalk(acceptor, await open(name, { side, mechanism, target, flags }));
        expect(acceptor.info.flags.mutual).toBe((flags & MUTUAL) !== 0);
      });

      if (name === 'heimdal') return;
      it('where it would rather have another mechanism', async () => {
        const negotiable = [IAKERB, KRB5];
        await expectTalk(accept(), await open(name, { side, mechanism: SPNEGO, target, flags, negotiable }));
      });
    });

    it('its initiator learns why our acceptor refuses', async () => {
      const options = { mechanism: SPNEGO, target: 'host@localhost', flags: MUTUAL };
      const library = await open(name, { side: 'initiator', ...options });
      const later = () => new Date(Date.now() + 7_200_000);
      const { token } = await library.step();
      const error = await createSpnegoAcceptor({ keytab, now: later })
        .step(token)
        .catch((thrown: GssError) => thrown);
      expect(error).toMatchObject({
        major: 'FAILURE',
        message: expect.stringMatching(/^Clock skew too great/),
      });
      const answer = await library.step((error as GssError).token);
      expect(answer.complete).toBe(false);
      expect(answer.error).toBeDefined();
    });

    it('our initiator learns that its acceptor refuses', async () => {
      const library = await open(name, { side: 'acceptor', mechanism: SPNEGO });
      const mallory = { ...credential, client: parsePrincipal('mallory@A.TEST') };
      const initiator = createSpnegoInitiator(createInitiator(mallory));
      const { token, complete } = await library.step(await initiator.step());
      expect(complete).toBe(false);
      await expect(initiator.step(token)).rejects.toMatchObject({ name: 'GssError' });
      expect(initiator.established).toBe(false);
    });

    it('a changed list of mechanisms is noticed: by us where its acceptor is to vouch first', async () => {
      const { initiator, answer } = await offerChanged(name, {});
      const { token } = await answer();
      const major = isCareless(name, {}) ? 'DEFECTIVE_TOKEN' : 'BAD_MIC';
      await expect(initiator.step(token)).rejects.toMatchObject({ major });
      expect(initiator.established).toBe(false);
    });

    it('a changed list of mechanisms is noticed: by its acceptor where we vouch first', async () => {
      const { initiator, answer } = await offerChanged(name, { flags: { mutual: false } });
      const { error, complete } = await answer();
      expect(error).toBeDefined();
      expect([initiator.established, complete]).toEqual([false, false]);
    });
  });
}

describePeer('mit-gss', () => {
  beforeAll(setUp);
  afterEach(stopLibraries);
  afterAll(tearDown);

  it('its acceptor may speak first', async () => {
    const library = await open('mit', { side: 'acceptor', mechanism: SPNEGO });
    const hint = (await library.step()).token;
    const initiator = createSpnegoInitiator(createInitiator(credential));
    const { token } = await library.step(await initiator.step(hint));
    expect(await initiator.step(token)).toBeUndefined();
    expect(initiator.established).toBe(true);
  });
});

describePeer('gss-sample-pair', () => {
  beforeAll(setUp);
  afterAll(tearDown);

  it.each([[[]], [['-nomutual']]])('gss-client -spnego %j is known to our acceptor', async more => {
    const { port, server, served } = await serveGssClient(accept());
    const args = ['-port', `${port}`, '-spnego', ...more, 'localhost', 'host@localhost', 'hello'];
    const { status, stdout } = await kdc.run('gss-client', args);
    server.close();
    expect(stdout).toMatch(/Signature verified/);
    expect(status).toBe(0);
    expect((await served).messages).toEqual(['hello']);
  });
});

/**
 * Heimdal's acceptor takes what it has chosen for the initiator's first mechanism, and vouches only where the initiator
 * does so before it; our initiator does not believe it then.
 */
function isCareless(name: GssLibraryName, { flags }: InitiatorOptions): boolean {
  return name === 'heimdal' && flags?.mutual !== false && flags?.dceStyle !== true;
}

function accept(): SecurityContext {
  return createSpnegoAcceptor({ keytab, replayCache: createMemoryReplayCache() });
}

async function open(name: GssLibraryName, options: GssLibraryOptions): Promise<GssLibrary> {
  const library = await openGssLibrary(name, kdc.env, options);
  opened.push(library);
  return library;
}

/** Our side and the library's come to a context of Kerberos, and understand each other. */
async function expectTalk(ours: SecurityContext, library: GssLibrary): Promise<void> {
  let token = library.side === 'acceptor' ? await ours.step() : undefined;
  let theirs: GssLibraryStep;
  do {
    theirs = await library.step(token);
    expect(theirs.error).toBeUndefined();
    token = theirs.token && (await ours.step(theirs.token));
  } while (token !== undefined);
  expect([ours.established, theirs.complete]).toEqual([true, true]);
  expect(theirs.mechanism).toBe(KRB5);
  expect(ours.info.initiator.components).toEqual(['alice']);
  for (const message of [Buffer.from('a message'), Buffer.from('another')]) {
    await library.verifyMic(message, ours.mic(message));
    const mic = await library.mic(message);
    expect(() => ours.verifyMic(message, mic)).not.toThrow();
  }
}

/** Our initiator's offer arrives at a library with another list of mechanisms; `answer` is to what we send then. */
async function offerChanged(name: GssLibraryName, options: InitiatorOptions) {
  const library = await open(name, { side: 'acceptor', mechanism: SPNEGO });
  const initiator = initiateNegotiation([
    fake('initiator', { legs: 2 }, [OTHER]),
    { oids: KRB5_NAMES, create: () => createInitiator(credential, options) },
  ]);
  const offer = decodeNegTokenInit(InitialToken.decode((await initiator.step())!).token);
  const mechTypes = MechTypeList.encode(['1.2.3', ...KRB5_NAMES]);
  const { token } = await library.step(encodeNegTokenInit({ ...offer, mechTypes }));
  const request = await initiator.step(token);
  return { initiator, answer: () => library.step(request) };
}

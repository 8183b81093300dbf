import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getInitialCredential } from '../../src/client/initial.ts';
import { paForUser, S4uX509Exchange } from '../../src/client/s4u-padata.ts';
import { requestByProxy } from '../../src/client/s4u-proxy.ts';
import { requestForUser } from '../../src/client/s4u-self.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { sealTicket } from '../../src/kdc/issue.ts';
import { kdcKey } from '../../src/kdc/kdc-keys.ts';
import { PacContents } from '../../src/kdc/pac/contents.ts';
import { type RunningKdc, startKdc, type UserSpec } from '../../src/kdc/start.ts';
import type { Credential } from '../../src/messages/credential.ts';
import {
  KDC_ERR_BADOPTION,
  KDC_ERR_POLICY,
  KDC_ERR_SERVER_NOMATCH,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_MODIFIED,
} from '../../src/messages/error-codes.ts';
import { CANONICALIZE, CNAME_IN_ADDL_TKT, FORWARDABLE } from '../../src/messages/flags.ts';
import { KdcError } from '../../src/messages/krb-error.ts';
import { NT_ENTERPRISE } from '../../src/messages/numbers.ts';
import { PAC_CLIENT_INFO } from '../../src/messages/pac.ts';
import { encodeClientInfo } from '../../src/messages/pac-writer.ts';
import {
  formatPrincipal,
  type Principal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { readyKey } from '../../src/messages/ready-key.ts';
import {
  PA_PAC_OPTIONS,
  PaPacOptions,
  RESOURCE_BASED_CONSTRAINED_DELEGATION,
} from '../../src/messages/s4u.ts';

const A = 'A.TEST';
const B = 'B.TEST';
const C = 'C.TEST';
const CAPATHS = { [A]: { [C]: [B] }, [C]: { [A]: [B] } };
const named = (name: string): Principal => parsePrincipal(name, { defaultRealm: B });
const web = named('web/www.b.test');
const alice = named(`alice@${A}`);
const db = named(`db/www.c.test@${C}`);
const app = named(`app/www.c.test@${C}`);

let kdc: RunningKdc;
/** The ticket-granting ticket of web, and what it has for A.TEST. */
let tgt: Credential;

async function start({ pac }: { readonly pac?: boolean } = {}): Promise<void> {
  const user = (name: string, more: Partial<UserSpec> = {}): UserSpec => ({ name, password: 'pw', ...more });
  const hosts = { '.b.test': B, '.c.test': C };
  kdc = await startKdc({
    realm: A,
    users: [user('alice'), user('sensitive', { notDelegated: true })],
    trusts: [{ realm: B }],
    domainRealms: hosts,
    capaths: CAPATHS,
    pac,
    realms: [
      {
        realm: B,
        users: [user('bob'), user('web/www.b.test')],
        services: [{ name: 'other/www.b.test', okToAuthAsDelegate: true }],
        trusts: [{ realm: C }],
        domainRealms: hosts,
        capaths: CAPATHS,
      },
      {
        realm: C,
        users: [user('carol'), user('app/www.c.test')],
        services: [
          { name: 'db/www.c.test', acceptsDelegationFrom: [formatPrincipal(web)] },
          { name: 'mail/www.c.test', acceptsDelegationFrom: [formatPrincipal(web)] },
        ],
        capaths: CAPATHS,
      },
    ],
  });
  tgt = await login(web);
}

async function login(principal: Principal): Promise<Credential> {
  const secret = { password: async () => 'pw' };
  const { credential } = await getInitialCredential(principal, secret, { ...options(), forwardable: true });
  return credential;
}

beforeEach(() => start());
afterEach(() => kdc.close());

const options = () => ({ transport: kdc.transport });
const ask = (presented: Credential, server: Principal, more = {}): Promise<Credential> =>
  exchangeTgs(presented, server, { kdcOptions: CANONICALIZE | FORWARDABLE, ...more }, options());
const tgtFor = (realm: string): Promise<Credential> => ask(tgt, tgsPrincipal(realm, B));

/** The error that a request gets. */
async function refusal(asked: Promise<unknown>): Promise<number> {
  const error = await asked.then(
    () => undefined,
    error => error,
  );
  expect(error).toBeInstanceOf(KdcError);
  return error.errorCode;
}

/** What an S4U2Self request brings, unchecked. */
function forUser(presented: Credential, server: Principal, user: Principal): Promise<Credential> {
  return ask(presented, server, {
    onBehalf: {
      padata: (nonce: number, subkey: ReturnType<typeof readyKey>) => [
        new S4uX509Exchange({ realm: user.realm, name: user }, nonce, subkey).padata,
        paForUser(user, readyKey(presented.key)),
      ],
      check: () => undefined,
    },
  });
}

/** The same of S4U2Proxy. */
function byProxy(presented: Credential, evidence: Credential, server: Principal): Promise<Credential> {
  const padataValue = PaPacOptions.encode({ flags: RESOURCE_BASED_CONSTRAINED_DELEGATION });
  return ask(presented, server, {
    kdcOptions: CANONICALIZE | CNAME_IN_ADDL_TKT | FORWARDABLE,
    additionalTickets: [evidence.ticket],
    onBehalf: { padata: () => [{ padataType: PA_PAC_OPTIONS, padataValue }], check: () => undefined },
  });
}

/** What the user's realm says of it to the service's. */
async function toldOf(user: Principal): Promise<Credential> {
  return forUser(await tgtFor(A), { ...enterprise(web), realm: A }, user);
}

/** A service's name where it is not at home. */
function enterprise(service: Principal): Principal {
  return { ...service, nameType: NT_ENTERPRISE, components: [formatPrincipal(service)] };
}

/** What app has for A.TEST, to which B.TEST leads. */
async function distantTgt(): Promise<Credential> {
  const toB = await ask(await login(app), tgsPrincipal(A, C));
  return ask(toB, tgsPrincipal(A, B));
}

/** A user's ticket for web, and what the realm of web says of it to another. */
async function evidenceOf(user: Principal): Promise<{ evidence: Credential; referral: Credential }> {
  const at = user.realm === B ? tgt : await tgtFor(user.realm);
  const evidence = await requestForUser(at, { realm: user.realm, name: user }, options());
  return { evidence, referral: await byProxy(tgt, evidence, { ...db, realm: B }) };
}

/** The same ticket with this name in its PAC. */
function telling(credential: Credential, name: string): Credential {
  const { part, key, server } = kdc.kdc.state.tickets.open(credential.ticket);
  const pac = new PacContents([{ type: PAC_CLIENT_INFO, data: encodeClientInfo(name, part.authtime) }]);
  const { principal } = server;
  const vouched = { server: principal, pac, indicators: [], kdc: kdcKey(kdc.database, B) };
  const sealing = { realm: principal.realm, sname: toPrincipalName(principal), key, kvno: 1, vouched };
  return { ...credential, ticket: Uint8Array.from(sealTicket(part, sealing)) };
}

describe('a ticket for a service itself, in the name of a user of another realm', () => {
  it('is there once that realm has told of the user', async () => {
    const credential = await requestForUser(await tgtFor(A), { realm: A, name: alice }, options());
    expect([credential.client, credential.server].map(name => formatPrincipal(name))).toEqual([
      'alice@A.TEST',
      formatPrincipal(web),
    ]);
  });

  it('is of that user alone', async () => {
    const told = await toldOf(alice);
    expect(told.client).toMatchObject({ components: web.components, realm: B });
    expect(await refusal(forUser(told, web, named(`bob@${A}`)))).toBe(KDC_ERR_BADOPTION);
    expect(await refusal(forUser(told, web, named(`alice@${C}`)))).toBe(KDC_ERR_BADOPTION);
    expect((await forUser(told, web, alice)).client).toMatchObject({ components: ['alice'], realm: A });
  });

  it('is not to be had for other services, nor is anything else', async () => {
    const told = await toldOf(alice);
    expect(await refusal(forUser(told, named('other/www.b.test'), alice))).not.toBe(0);
    expect(await refusal(ask(told, web))).toBe(KDC_ERR_POLICY);
    expect(await refusal(ask(told, tgsPrincipal(B)))).toBe(KDC_ERR_POLICY);
    const { evidence } = await evidenceOf(named(`bob@${B}`));
    expect(await refusal(byProxy(told, evidence, db))).not.toBe(0);
  });

  it('is not to be had by what the service has for its own name', async () => {
    const own = await tgtFor(A);
    expect(await refusal(forUser(own, tgsPrincipal(A), alice))).not.toBe(0);
    expect(await refusal(forUser(tgt, web, alice))).not.toBe(0);
  });

  it('is not forwardable where the user may not be delegated', async () => {
    const user = named(`sensitive@${A}`);
    const { flags } = await requestForUser(await tgtFor(A), { realm: A, name: user }, options());
    expect(flags & FORWARDABLE).toBe(0);
  });

  it('needs a realm that says who its users are', async () => {
    await kdc.close();
    await start({ pac: false });
    expect(await refusal(toldOf(alice))).toBe(KDC_ERR_BADOPTION);
  });
});

describe('a ticket for a service itself, in the name of a user of a realm that another one leads to', () => {
  it('comes through that one, and tells of the way that the user has come', async () => {
    const credential = await requestForUser(await distantTgt(), { realm: A, name: alice }, options());
    expect([credential.client, credential.server].map(name => formatPrincipal(name))).toEqual([
      'alice@A.TEST',
      formatPrincipal(app),
    ]);
    const { transited } = kdc.kdc.state.tickets.open(credential.ticket).part;
    expect(Buffer.from(transited.contents).toString()).toBe(B);
  });

  it('is of the user that was told of alone, all the way', async () => {
    const told = await forUser(await distantTgt(), { ...enterprise(app), realm: A }, alice);
    expect(formatPrincipal(told.server)).toBe(`krbtgt/${B}@${A}`);
    const atB = { ...enterprise(app), realm: B };
    expect(await refusal(forUser(told, atB, named(`sensitive@${A}`)))).toBe(KDC_ERR_BADOPTION);
    const passed = await forUser(told, atB, alice);
    expect(formatPrincipal(passed.server)).toBe(`krbtgt/${C}@${B}`);
    expect(await refusal(forUser(passed, app, named(`sensitive@${A}`)))).toBe(KDC_ERR_BADOPTION);
    expect((await forUser(passed, app, alice)).client).toMatchObject({ components: ['alice'], realm: A });
  });

  it('is not passed on to other realms than that of the service, nor is anything else to be had', async () => {
    const told = await forUser(await distantTgt(), { ...enterprise(app), realm: A }, alice);
    expect(await refusal(forUser(told, tgsPrincipal(A, B), alice))).toBe(KRB_AP_ERR_BADMATCH);
    expect(await refusal(forUser(told, web, alice))).toBe(KRB_AP_ERR_BADMATCH);
    expect(await refusal(ask(told, web))).toBe(KDC_ERR_POLICY);
    expect(await refusal(ask(told, tgsPrincipal(C, B)))).toBe(KDC_ERR_POLICY);
  });

  it('needs what the realm of the user has told, and not just the ticket of the service', async () => {
    const toB = await ask(await login(app), tgsPrincipal(B, C));
    expect(await refusal(forUser(toB, { ...enterprise(app), realm: B }, alice))).toBe(KDC_ERR_BADOPTION);
  });

  it('is not for whom a ticket of the own realm seems to tell of', async () => {
    const toB = await ask(await login(app), tgsPrincipal(B, C));
    const ours = telling(await ask(toB, tgsPrincipal(B)), 'alice@A.TEST');
    expect(await refusal(forUser(ours, { ...enterprise(app), realm: B }, alice))).toBe(KDC_ERR_BADOPTION);
  });

  it('is not for whom the ticket of a client of such a name seems to tell of', async () => {
    const namesake = { ...app, components: ['alice@A.TEST'] };
    kdc.database.add(namesake, { password: 'pw' });
    const toB = telling(await ask(await login(namesake), tgsPrincipal(B, C)), 'alice@A.TEST');
    const atB = { ...enterprise(namesake), realm: B };
    expect(await refusal(forUser(toB, atB, alice))).toBe(KDC_ERR_BADOPTION);
  });

  it('is not for users who come by a way that the realm of the service does not take', async () => {
    const passed = await forUser(
      await forUser(await distantTgt(), { ...enterprise(app), realm: A }, alice),
      { ...enterprise(app), realm: B },
      alice,
    );
    kdc.database.addRealm(C, { capaths: {} });
    expect(await refusal(forUser(passed, app, alice))).toBe(KDC_ERR_POLICY);
  });
});

describe('a ticket for a service of another realm, in the name of a user', () => {
  it('is there where that service takes them from the one that asks', async () => {
    const name = `bob@${B}`;
    const { evidence } = await evidenceOf(named(name));
    const server = { ...db, realm: '' };
    const credential = await requestByProxy(tgt, { evidence, server }, { ...options(), tgtFor });
    expect([credential.client, credential.server].map(each => formatPrincipal(each))).toEqual([
      name,
      formatPrincipal(db),
    ]);
  });

  it('is for the service that was asked for alone', async () => {
    const { referral } = await evidenceOf(named(`bob@${B}`));
    const mail = named(`mail/www.c.test@${C}`);
    expect(await refusal(byProxy(await tgtFor(C), referral, mail))).toBe(KDC_ERR_BADOPTION);
    expect((await byProxy(await tgtFor(C), referral, db)).client).toMatchObject({ components: ['bob'] });
  });

  it('needs what the realm has made of the evidence, and the ticket of the service that it was made for', async () => {
    const { evidence, referral } = await evidenceOf(named(`bob@${B}`));
    const own = await tgtFor(C);
    expect(await refusal(byProxy(own, evidence, db))).not.toBe(0);
    expect(await refusal(byProxy(own, own, db))).toBe(KDC_ERR_BADOPTION);
    const bobs = await ask(await login(named('bob')), tgsPrincipal(C, B));
    expect(await refusal(byProxy(bobs, referral, db))).toBe(KDC_ERR_SERVER_NOMATCH);
  });

  it('is all that comes of it', async () => {
    const { referral } = await evidenceOf(named(`bob@${B}`));
    const plain = { kdcOptions: CANONICALIZE };
    expect(await refusal(ask(referral, db, plain))).toBe(KRB_AP_ERR_MODIFIED);
    expect(await refusal(ask(referral, tgsPrincipal(C), plain))).toBe(KRB_AP_ERR_MODIFIED);
  });
});

import { describe, expect, it } from 'vitest';
import {
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_PREAUTH_REQUIRED,
  KDC_ERR_WRONG_REALM,
} from '../../src/messages/error-codes.ts';
import { CANONICALIZE } from '../../src/messages/flags.ts';
import { NT_ENTERPRISE } from '../../src/messages/numbers.ts';
import { PA_S4U_X509_USER } from '../../src/messages/s4u.ts';
import type { PrincipalName } from '../../src/messages/types.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  grantedByAs,
  grantedByTgs,
  keyOf,
  type Lab,
  nameOf,
  principal,
  REALM,
  refusalOf,
  timestamp,
} from './support.ts';

const enterprise = (name: string): PrincipalName => ({ nameType: NT_ENTERPRISE, nameString: [name] });

function lab(): Lab {
  const made = createLab({ domainRealms: { 'mail.test': REALM, '.b.test': 'B.TEST', 'b.test': 'B.TEST' } });
  addPrincipal(made, 'alice', { aliases: ['al', 'alice/work', 'a.liddell@elsewhere.test'] });
  made.database.addRealm('OTHER.TEST');
  return made;
}

/** Under which name somebody gets in who asks under another. */
function nameFor(made: Lab, cname: PrincipalName, kdcOptions = CANONICALIZE): PrincipalName {
  const request = asRequest(made, { cname, kdcOptions }, [timestamp(made, 'alice')]);
  return grantedByAs(made, request, keyOf(made, 'alice')).reply.cname;
}

describe('a client', () => {
  it('gets its true name for an alias, if it wants to', () => {
    const made = lab();
    for (const cname of [nameOf('al'), nameOf('alice/work'), enterprise('a.liddell@elsewhere.test')]) {
      expect(nameFor(made, cname)).toEqual(nameOf('alice'));
      expect(nameFor(made, cname, 0)).toEqual(cname);
    }
  });

  it('gets its true name for one that the database does not know, whether it wants to or not', () => {
    const made = lab();
    const cname = enterprise(`alice@${REALM}`);
    for (const kdcOptions of [0, CANONICALIZE]) {
      expect(nameFor(made, cname, kdcOptions)).toEqual(nameOf('alice'));
    }
    const request = asRequest(made, { cname }, [timestamp(made, 'alice')]);
    expect(grantedByTgs(made, grantedByAs(made, request)).ticket.cname).toEqual(nameOf('alice'));
  });

  it('keeps the name that it asks under if that is its own, type and all', () => {
    const cname = { nameType: 0, nameString: ['alice'] };
    expect(nameFor(lab(), cname)).toEqual(cname);
  });

  it('may use a ticket in another name', () => {
    const made = lab();
    const request = asRequest(made, { cname: nameOf('al') }, [timestamp(made, 'alice')]);
    const tgt = grantedByAs(made, request);
    expect(grantedByTgs(made, tgt).ticket.cname).toEqual(nameOf('al'));
    made.database.remove(principal('alice'));
    expect(refusalOf(made, asRequest(made, { cname: nameOf('al') }, [])).errorCode).toBe(
      KDC_ERR_C_PRINCIPAL_UNKNOWN,
    );
  });

  it.each([`alice@${REALM}`, `alice@${REALM.toLowerCase()}`, 'alice@mail.test', 'alice@MAIL.test'])(
    'is known as %s',
    name => expect(nameFor(lab(), enterprise(name))).toEqual(nameOf('alice')),
  );

  it.each([
    ['bob@b.test', 'B.TEST'],
    ['bob@x.b.test', 'B.TEST'],
    ['bob@other.test', 'OTHER.TEST'],
  ])('%s is sent to %s', (name, crealm) => {
    const cname = enterprise(name);
    expect(refusalOf(lab(), asRequest(lab(), { cname }, []))).toMatchObject({
      errorCode: KDC_ERR_WRONG_REALM,
      crealm,
      cname,
    });
  });

  it.each(['nobody@mail.test', 'alice@nowhere.test', '@mail.test', 'al\\', '\\@mail.test', ''])(
    '%j is unknown',
    name => {
      const asked = asRequest(lab(), { cname: enterprise(name) }, []);
      expect(refusalOf(lab(), asked).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    },
  );

  it('without a name is sought by its certificate, where somebody reads certificates', () => {
    const padata = [{ padataType: PA_S4U_X509_USER, padataValue: Uint8Array.of(1) }];
    const cname = { nameType: 6, nameString: [''] };
    const made = lab();
    expect(refusalOf(made, asRequest(made, { cname }, padata)).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    expect(refusalOf(made, asRequest(made, {}, padata)).errorCode).toBe(KDC_ERR_PREAUTH_REQUIRED);
  });
});

describe('a service', () => {
  it('gets tickets under the name that was asked for, in its own keys', () => {
    const made = lab();
    addPrincipal(made, 'host/server', { aliases: ['host/alias'] });
    const tgt = grantedByAs(made, asRequest(made));
    const serviceKey = keyOf(made, 'host/server');
    for (const kdcOptions of [0, CANONICALIZE]) {
      const asked = { sname: nameOf('host/alias'), kdcOptions };
      expect(grantedByTgs(made, tgt, asked, { serviceKey }).part.sname).toEqual(nameOf('host/alias'));
    }
  });
});

describe('an alias', () => {
  it('goes with its principal', () => {
    const made = lab();
    const { database } = made;
    addPrincipal(made, 'alice', { aliases: ['ally'] });
    expect(database.find(['alice', 'work'], REALM)).toBeUndefined();
    expect(database.find(['ally'], REALM)?.principal).toEqual(principal('alice'));
    expect(database.remove(principal('ally'))).toBe(false);
    expect(database.remove(principal('alice'))).toBe(true);
    expect(database.find(['ally'], REALM)).toBeUndefined();
  });
});

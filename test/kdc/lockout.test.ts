import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import type { NamedPolicy } from '../../src/kdc/policy.ts';
import { KDC_ERR_CLIENT_REVOKED, KDC_ERR_PREAUTH_FAILED } from '../../src/messages/error-codes.ts';
import { asRequest, createLab, grantedByAs, type Lab, principal, refusalOf, timestamp } from './support.ts';

const alice = principal('alice');

function lab(policy: NamedPolicy): Lab {
  return createLab({ policies: { default: policy } });
}

/** Proves with a wrong key; the error that comes of it. */
function guess(realm: Lab): number {
  return refusalOf(realm, asRequest(realm, {}, [timestamp(realm, 'alice', { key: randomKey(18) })]))
    .errorCode;
}

describe('an account', () => {
  it('is locked after so many failures, for the right key as well', () => {
    const realm = lab({ maxFailures: 3 });
    expect([guess(realm), guess(realm), guess(realm)]).toEqual(Array(3).fill(KDC_ERR_PREAUTH_FAILED));
    expect(refusalOf(realm, asRequest(realm))).toMatchObject({
      errorCode: KDC_ERR_CLIENT_REVOKED,
      eText: 'LOCKED_OUT',
    });
    realm.advance(1_000_000);
    expect(guess(realm)).toBe(KDC_ERR_CLIENT_REVOKED);
    realm.kdc.state.logins.unlock(alice);
    grantedByAs(realm, asRequest(realm));
  });

  it('is locked for as long as the policy says', () => {
    const realm = lab({ maxFailures: 1, lockoutDuration: 60 });
    guess(realm);
    realm.advance(59);
    expect(refusalOf(realm, asRequest(realm)).errorCode).toBe(KDC_ERR_CLIENT_REVOKED);
    realm.advance(1);
    grantedByAs(realm, asRequest(realm));
  });

  it('has its failures forgotten by a success, and by time', () => {
    const realm = lab({ maxFailures: 2, failureCountInterval: 30 });
    guess(realm);
    grantedByAs(realm, asRequest(realm));
    guess(realm);
    realm.advance(30);
    guess(realm);
    expect(realm.kdc.state.logins.find(alice).failures).toBe(1);
    grantedByAs(realm, asRequest(realm));
  });

  it('is not locked by who does not try to prove anything, nor where no policy says so', () => {
    const realm = lab({ maxFailures: 1 });
    refusalOf(realm, asRequest(realm, {}, []));
    refusalOf(realm, asRequest(realm, { cname: { nameType: 1, nameString: ['nobody'] } }, []));
    grantedByAs(realm, asRequest(realm));
    const free = lab({});
    for (let i = 0; i < 20; i++) guess(free);
    grantedByAs(free, asRequest(free));
  });

  it('is known by its last failure, and not at all after a success', () => {
    const realm = lab({});
    expect(realm.kdc.state.logins.find(alice)).toEqual({ failures: 0 });
    guess(realm);
    realm.advance(5);
    guess(realm);
    expect(realm.kdc.state.logins.find(alice)).toEqual({ failures: 2, lastFailure: realm.now() });
    grantedByAs(realm, asRequest(realm));
    expect(realm.kdc.state.logins.find(alice)).toEqual({ failures: 0 });
  });

  it('goes by the policy that it names', () => {
    const realm = createLab({ policies: { strict: { maxFailures: 1 } } });
    realm.database.update(alice, { policy: 'strict' });
    guess(realm);
    expect(guess(realm)).toBe(KDC_ERR_CLIENT_REVOKED);
  });
});

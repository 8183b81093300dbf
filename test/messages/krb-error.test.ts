import { describe, expect, it } from 'vitest';
import { KdcError, type KrbError } from '../../src/messages/krb-error.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

const client = parsePrincipal('alice@A.TEST');
const server = parsePrincipal('HTTP/www@A.TEST');

function refusal(errorCode: number, eText?: string): KrbError {
  const sname = { nameType: 2, nameString: ['HTTP', 'www'] };
  return { stime: new Date(0), susec: 0, errorCode, realm: 'A.TEST', sname, eText };
}

function messageOf(errorCode: number, eText?: string): string {
  return new KdcError(refusal(errorCode, eText), 'KDC_ERROR', { client, server }).message;
}

describe("the message of a KDC's error", () => {
  it('names who or what is unknown', () => {
    expect(messageOf(6)).toBe("Client 'alice@A.TEST' not found in Kerberos database");
    expect(messageOf(7)).toBe('Server HTTP/www@A.TEST not found in Kerberos database');
  });

  it('says in words what happened, and to whom', () => {
    expect(messageOf(1)).toBe("Client's entry in database has expired (alice@A.TEST for HTTP/www@A.TEST)");
    expect(messageOf(1234)).toBe('Unknown code krb5 1234 (alice@A.TEST for HTTP/www@A.TEST)');
  });

  it("has the KDC's own words where the number has no meaning, without control characters", () => {
    expect(messageOf(60, 'out of\u001b[2Jorder')).toMatch(/^KDC returned error string: out of\?\[2Jorder \(/);
  });

  it('names nobody if the request is not known', () => {
    expect(new KdcError(refusal(7)).message).toBe('Server not found in Kerberos database');
    expect(new KdcError(refusal(60, 'busy'), 'SERVER_REFUSED').message).toBe(
      'The service returned error string: busy',
    );
  });

  it('keeps number and name for programs, and the cause', () => {
    const cause = new Error('why');
    const error = new KdcError(refusal(7), 'KDC_ERROR', { server, cause });
    expect(error).toMatchObject({ errorCode: 7, errorName: 'KDC_ERR_S_PRINCIPAL_UNKNOWN', cause });
  });
});

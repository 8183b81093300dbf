import { describe, expect, it } from 'vitest';
import { KerberosError } from '../../src/errors.ts';
import { toRefusal } from '../../src/kdc/error-reply.ts';
import { KDC_ERR_ETYPE_NOSUPP, KRB_ERR_GENERIC } from '../../src/messages/error-codes.ts';

describe('what stops a request', () => {
  it.each(['ENCTYPE_UNSUPPORTED', 'KEY_LENGTH'] as const)('is told of a key where it is %s', code => {
    expect(toRefusal(new KerberosError(code, 'x')).errorCode).toBe(KDC_ERR_ETYPE_NOSUPP);
  });

  it('is a failure of the KDC itself where it is all else, and its cause is kept for the log', () => {
    const cause = new KerberosError('DATABASE_IO', 'The disk is full');
    expect(toRefusal(cause)).toMatchObject({ errorCode: KRB_ERR_GENERIC, cause });
  });
});

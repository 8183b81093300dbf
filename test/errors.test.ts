import { describe, expect, it } from 'vitest';
import { CodecError, ConfigError, KerberosError } from '../src/errors.ts';

describe('errors', () => {
  it('are of the same classes in every copy of the library', async () => {
    const copy: typeof import('../src/errors.ts') = await import(`${'../src/errors.ts'}?copy`);
    const error = new copy.CodecError('too short', ['a']);
    expect(copy.CodecError).not.toBe(CodecError);
    expect(error).toBeInstanceOf(CodecError);
    expect(error).toBeInstanceOf(KerberosError);
    expect(error).not.toBeInstanceOf(ConfigError);
    expect(new copy.KerberosError('HTTP', 'broken off')).not.toBeInstanceOf(CodecError);
    expect(new CodecError('too short')).toBeInstanceOf(copy.KerberosError);
  });

  it('are of a subclass of a user’s own as such errors alone are', () => {
    class Own extends CodecError {}
    expect(new Own('')).toBeInstanceOf(Own);
    expect(new Own('')).toBeInstanceOf(CodecError);
    expect(new CodecError('')).not.toBeInstanceOf(Own);
  });

  it.each([
    undefined,
    null,
    'CODEC',
    {},
    Object.create(null),
    new Error('CODEC'),
    CodecError.prototype.constructor,
  ])('are none of what else is thrown: %s', thrown => expect(thrown).not.toBeInstanceOf(KerberosError));
});

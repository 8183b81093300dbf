import { CodecError } from '../../errors.ts';
import { decodeGssChecksum, GSS_CHECKSUM } from '../../gss/authenticator-checksum.ts';
import { numberWithName } from './names.ts';
import { branch, hexText, type Node } from './node.ts';

interface ChecksumValue {
  readonly cksumtype: number;
  readonly checksum: Uint8Array;
}

/** A checksum; of GSS-API's, which is none, what it tells instead (RFC 4121 §4.1.1). `showCred` shows what is delegated. */
export function checksumNode(
  name: string,
  { cksumtype, checksum }: ChecksumValue,
  showCred: (bytes: Uint8Array) => Node,
): Node {
  const type = numberWithName('cksumtype', cksumtype);
  if (cksumtype === GSS_CHECKSUM) {
    try {
      const { bindings, flags, delegation } = decodeGssChecksum(checksum);
      const set = Object.entries(flags).filter(([, value]) => value);
      const unbound = bindings.every(byte => byte === 0);
      return branch(
        name,
        [
          { name: 'flags', value: set.map(([flag]) => flag).join(', ') || '(none)' },
          { name: 'channelBindings', value: unbound ? '(none)' : hexText(bindings) },
          delegation && showCred(delegation),
        ],
        type,
      );
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }
  return { name, value: `${type} ${hexText(checksum)}` };
}

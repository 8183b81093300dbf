import { Any, Bool, GeneralizedTime, Int32, OctetString, UInt32 } from '../../codec/der/primitives.ts';
import { explicit, optional, sequence, sequenceOf } from '../../codec/der/schema.ts';
import { CodecError } from '../../errors.ts';
import type { Principal } from '../../messages/principal.ts';
import { EncryptionKey, PrincipalName, Realm } from '../../messages/types.ts';
import { malformed } from './mit-line.ts';

/** A key as Heimdal stores it. */
export interface HeimdalKey {
  readonly kvno: number;
  /** The version of the master key that it is sealed under; undefined if it is not sealed. */
  readonly masterKvno: number | undefined;
  readonly etype: number;
  readonly bytes: Uint8Array;
  readonly salt: Uint8Array | undefined;
}

/** Further data of Heimdal's principals, as far as it can be represented here. */
export interface HeimdalExtensions {
  readonly aliases: readonly Principal[];
  readonly delegatesTo: readonly Principal[];
  readonly passwordChanged: Date | undefined;
  /** Keys of older versions. */
  readonly keys: readonly HeimdalKey[];
}

const Extension = sequence('HDB-extension', { mandatory: explicit(0, Bool), data: explicit(1, Any) });

const HeimdalPrincipal = sequence('Principal', {
  name: explicit(0, PrincipalName),
  realm: explicit(1, Realm),
});
const Principals = sequenceOf(HeimdalPrincipal);
const Aliases = sequence('HDB-Ext-Aliases', {
  caseInsensitive: explicit(0, Bool),
  aliases: explicit(1, Principals),
});
const KeySets = sequenceOf(
  sequence('HDB-keyset', {
    kvno: explicit(0, UInt32),
    keys: explicit(
      1,
      sequenceOf(
        sequence('Key', {
          mkvno: optional(0, UInt32),
          key: explicit(1, EncryptionKey),
          salt: optional(2, sequence('Salt', { type: explicit(0, Int32), salt: explicit(1, OctetString) })),
        }),
      ),
    ),
  }),
);

/** The tags of the CHOICE's alternatives. */
const DELEGATES_TO = 0xa2;
const ALIASES = 0xa6;
const PASSWORD_CHANGED = 0xa7;
const OLD_KEYS = 0xa9;

/** Reads extensions, each in hexadecimal, separated by colons. Throws KerberosError DUMP_FORMAT. */
export function readExtensions(field: string): HeimdalExtensions {
  let found: HeimdalExtensions = { aliases: [], delegatesTo: [], passwordChanged: undefined, keys: [] };
  for (const hex of field === '-' ? [] : field.split(':')) {
    try {
      found = { ...found, ...readExtension(Extension.decode(Buffer.from(hex, 'hex')).data) };
    } catch (error) {
      if (error instanceof CodecError) throw malformed('an extension cannot be decoded');
      throw error;
    }
  }
  return found;
}

function readExtension(data: Uint8Array): Partial<HeimdalExtensions> {
  switch (data[0]) {
    case DELEGATES_TO:
      return { delegatesTo: explicit(2, Principals).decode(data).map(principalOf) };
    case ALIASES:
      return { aliases: explicit(6, Aliases).decode(data).aliases.map(principalOf) };
    case PASSWORD_CHANGED:
      return { passwordChanged: explicit(7, GeneralizedTime).decode(data) };
    case OLD_KEYS:
      return {
        keys: explicit(9, KeySets)
          .decode(data)
          .flatMap(({ kvno, keys }) =>
            keys.map(({ mkvno, key, salt }) => ({
              kvno,
              masterKvno: mkvno,
              etype: key.keytype,
              bytes: key.keyvalue,
              salt: salt?.salt,
            })),
          ),
      };
    default:
      return {};
  }
}

function principalOf({ name, realm }: { name: PrincipalName; realm: string }): Principal {
  return { nameType: name.nameType, components: name.nameString, realm };
}

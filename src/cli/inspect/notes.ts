import type { Codec } from '../../codec/codec.ts';
import { CodecError } from '../../errors.ts';
import type { PrincipalName } from '../../messages/types.ts';
import type { InspectKeys } from './keys.ts';
import { NESTED } from './types.ts';

type Value = Readonly<Record<string, unknown>>;

/** Whose keys the message may be sealed in: names imply the salt of a password. */
export function noteNames(value: Value, keys: InspectKeys, message: string): void {
  if (message === 'AS-REQ' && value.reqBody instanceof Uint8Array) {
    const body = NESTED.reqBody!;
    if (!decodes(body.type, value.reqBody)) return;
    const { cname, realm } = body.type.decode(value.reqBody) as Value;
    noteName(cname, realm, keys);
  }
  noteName(value.cname, value.crealm, keys);
  noteName(value.sname, value.realm, keys);
}

function noteName(name: unknown, realm: unknown, keys: InspectKeys): void {
  if (name === undefined || typeof realm !== 'string') return;
  keys.notePrincipal({ components: (name as PrincipalName).nameString, realm });
}

/** ETYPE-INFO and ETYPE-INFO2 name the salt of the keys. */
export function noteSalt({ salt, s2kparams }: Value, keys: InspectKeys): void {
  if (typeof salt !== 'string' && !(salt instanceof Uint8Array)) return;
  keys.noteSalt(salt, s2kparams instanceof Uint8Array ? s2kparams : undefined);
}

/** Whether the codec decodes the bytes. */
export function decodes(codec: Codec<unknown>, bytes: Uint8Array): boolean {
  try {
    codec.decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}

import { pbkdf2Sync } from 'node:crypto';

/** How a family of enctypes turns a password into a key (RFC 3962 §4, RFC 6803 §4, RFC 8009 §4). */
export interface PasswordSpec {
  readonly hash: 'sha1' | 'sha256' | 'sha384';
  readonly keyLength: number;
  /** The enctype's name, which precedes the salt with a zero octet between them, if the RFC requires it. */
  readonly saltPrefix?: string;
}

/** The intermediate key `tkey`, from which "kerberos" derives the protocol key. */
export function passwordKey(
  spec: PasswordSpec,
  password: string | Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Uint8Array {
  const prefix = spec.saltPrefix === undefined ? [] : [Buffer.from(`${spec.saltPrefix}\0`)];
  return pbkdf2Sync(password, Buffer.concat([...prefix, salt]), iterations, spec.keyLength, spec.hash);
}

/** The constant "kerberos" of the last step. */
export const KERBEROS = Uint8Array.from([0x6b, 0x65, 0x72, 0x62, 0x65, 0x72, 0x6f, 0x73]);

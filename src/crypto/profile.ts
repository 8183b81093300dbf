/** What a message format adds to a plaintext and its ciphertext, so that neither has to be copied again. */
export interface Frame {
  /** How many bytes are left free before the ciphertext; their content is undefined. */
  readonly headroom: number;
  /** Bytes to encrypt after the plaintext. */
  readonly trailer: Uint8Array;
}

/** The frame of a ciphertext on its own. */
export const NO_FRAME: Frame = { headroom: 0, trailer: new Uint8Array(0) };

/** The operations of one protocol key (RFC 3961 §3); a profile makes one object per key. */
export interface KeyOperations {
  /**
   * Derives what encryption and checksums for some usages need, if that is cheaper for all of them at once than one by
   * one.
   */
  prepare?(sealing: readonly number[], signing?: readonly number[]): void;
  /** The keys derived from some constants of equal length, for `adopt`. */
  derived?(constants: readonly Uint8Array[]): readonly Uint8Array[];
  /** Takes the result of `derived` for the same constants and the same key, which then need not be derived again. */
  adopt?(constants: readonly Uint8Array[], keys: readonly Uint8Array[]): void;
  /** Confounder, ciphertext and integrity tag in the order of the enctype, after the headroom of `frame`. */
  encrypt(usage: number, plaintext: Uint8Array, frame?: Frame): Uint8Array;
  /** Throws `IntegrityError`. */
  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array;
  /** The mandatory checksum of the enctype over the concatenated parts of `data`. */
  checksum(usage: number, ...data: readonly Uint8Array[]): Uint8Array;
  /** The pseudo-random function; its output length is fixed by the enctype. */
  prf(input: Uint8Array): Uint8Array;
}

/** The cryptosystem parameters of one enctype (RFC 3961 §3 and §4). */
export interface Profile {
  /**
   * The length of the protocol key and of the key-generation seed, in bytes: random-to-key is the identity in every
   * profile here.
   */
  readonly keyLength: number;
  /** The mandatory checksum type. */
  readonly cksumtype: number;
  /** The length of the mandatory checksum and of the integrity tag of a ciphertext, in bytes. */
  readonly tagLength: number;
  /** PBKDF2 rounds when no s2kparams are given; 0 if string-to-key takes no parameters. */
  readonly defaultIterations: number;
  /** `bytes` must be `keyLength` long and must not be changed afterwards. */
  open(bytes: Uint8Array): KeyOperations;
  /** The key for a password; `iterations` is not checked. */
  stringToKey(password: string | Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}

/** There while a key may be left in the keychain whose tickets are gone: what could not be deleted is not forgotten. */
export function keyLeftPath(dataDirectory: string): string {
  return `${dataDirectory}/key-left`;
}

/** Where a data directory's tickets lie. */
export function sealedPath(dataDirectory: string): string {
  return `${dataDirectory}/tickets`;
}

/** There where the key is sealed by a passphrase: the key. */
export function passphraseKeyPath(dataDirectory: string): string {
  return `${dataDirectory}/passphrase-key`;
}

/** Exists while a key whose tickets are gone may be left in the keychain, because it could not be deleted. */
export function keyLeftPath(dataDirectory: string): string {
  return `${dataDirectory}/key-left`;
}

/** Where a data directory's tickets lie. */
export function sealedPath(dataDirectory: string): string {
  return `${dataDirectory}/tickets`;
}

/** The key, if it is sealed by a passphrase. */
export function passphraseKeyPath(dataDirectory: string): string {
  return `${dataDirectory}/passphrase-key`;
}

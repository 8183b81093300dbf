// What is below Node's modules is undocumented, and may change: it is used in the lines of Node that were tried alone, up
// to the minor version that was, and never in a newer one.
const tried = { 20: 20, 22: 23, 24: 21 };

/** The object below one of Node's modules, if this Node was tried and it has these functions; else undefined. */
export function binding(name, expected) {
  const { node, ...others } = process.versions;
  const [major, minor] = node.split('.');
  if (!(minor <= tried[major]) || 'electron' in others || 'deno' in others || 'bun' in others)
    return undefined;
  const { noDeprecation } = process;
  process.noDeprecation = true; // Node would tell the user, who can do nothing about it
  try {
    const found = process.binding(name);
    return expected.every(member => typeof found[member] === 'function') ? found : undefined;
  } catch {
    return undefined; // Node 24, or the permission model, forbids it
  } finally {
    process.noDeprecation = noDeprecation;
  }
}

const ofCrypto = [
  'CipherBase',
  'Hash',
  'KeyObjectHandle',
  'PBKDF2Job',
  'RandomBytesJob',
  'statelessDH',
  'timingSafeEqual',
];
let looked = false;
let crypto;

/** The one below node:crypto, looked up once. */
export function belowCrypto() {
  if (!looked) crypto = binding('crypto', ofCrypto);
  looked = true;
  return crypto;
}

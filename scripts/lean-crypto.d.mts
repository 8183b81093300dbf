export {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hash,
  pbkdf2Sync,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';

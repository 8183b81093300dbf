import type { NamedPolicy } from '../policy.ts';
import { type FieldReader, malformed } from './mit-line.ts';

/** The line of a password policy, without its end; 0 means no limit. */
export function formatMitPolicy(name: string, policy: NamedPolicy): string {
  const numbers = [
    policy.minPasswordLife,
    policy.maxPasswordLife,
    policy.minLength,
    policy.minClasses,
    policy.history ?? 1,
    // How many principals have it: no longer counted.
    0,
    policy.maxFailures,
    policy.failureCountInterval,
    policy.lockoutDuration,
    // Attributes and ticket lifetimes, which no version uses.
    ...[0, 0, 0],
  ];
  return ['policy', name, ...numbers.map(number => number ?? 0), '-', 0].join('\t');
}

/** The inverse; the fields are those behind the word `policy`. Throws KerberosError DUMP_FORMAT. */
export function parseMitPolicy(fields: FieldReader): readonly [string, NamedPolicy] {
  const name = fields.text();
  if (name === '') throw malformed('a policy has no name');
  const [minPasswordLife, maxPasswordLife, minLength, minClasses, history] = fields.numbers(5);
  fields.number();
  // Versions up to 6 have no lockout.
  const [maxFailures = 0, failureCountInterval = 0, lockoutDuration = 0] = fields.ended
    ? []
    : fields.numbers(3);
  const limits = {
    minPasswordLife,
    maxPasswordLife,
    minLength,
    minClasses,
    history,
    maxFailures,
    failureCountInterval,
    lockoutDuration,
  };
  return [name, Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== 0))];
}

const VERSION = 0x12345c01;
const HAS_POLICY = 0x800;

/** kadmind's data on a principal, in XDR: the name of its policy; no former keys. */
export function encodeAdminData(policy: string): Uint8Array {
  const name = Buffer.from(`${policy}\0`);
  const bytes = Buffer.alloc(8 + Math.ceil(name.length / 4) * 4 + 16);
  bytes.writeUInt32BE(VERSION);
  bytes.writeUInt32BE(name.length, 4);
  bytes.set(name, 8);
  bytes.writeUInt32BE(HAS_POLICY, bytes.length - 16);
  return bytes;
}

/** The name of the policy in them, if there is one. */
export function decodeAdminData(bytes: Uint8Array): string | undefined {
  const data = Buffer.from(bytes);
  if (data.length < 8 || data.readUInt32BE() !== VERSION) return undefined;
  const length = data.readUInt32BE(4);
  if (length < 2 || 8 + length > data.length) return undefined;
  return data.subarray(8, 8 + length - 1).toString();
}

import type { PrincipalPolicy } from '../policy.ts';

type Flag = {
  [K in keyof PrincipalPolicy]-?: PrincipalPolicy[K] extends boolean | undefined ? K : never;
}[keyof PrincipalPolicy];

/** MIT's attributes of a principal, and their names here; other attributes have no meaning for a KDC. */
const FLAGS: readonly (readonly [number, Flag])[] = [
  [0x1, 'disallowPostdated'],
  [0x2, 'disallowForwardable'],
  [0x4, 'disallowTgsBased'],
  [0x8, 'disallowRenewable'],
  [0x10, 'disallowProxiable'],
  [0x20, 'disallowUserToUser'],
  [0x40, 'locked'],
  [0x80, 'requiresPreauth'],
  [0x1000, 'disallowServer'],
  [0x2000, 'passwordChangeService'],
  [0x100000, 'okAsDelegate'],
  [0x200000, 'okToAuthAsDelegate'],
  [0x400000, 'noPac'],
];

export const DISALLOW_FORWARDABLE = 0x2;
const DISALLOW_PROXIABLE = 0x10;
export const DISALLOW_ALL_TICKETS = 0x40;
export const REQUIRES_PREAUTH = 0x80;
export const REQUIRES_HARDWARE = 0x100;
export const REQUIRES_PASSWORD_CHANGE = 0x200;
export const LOCKDOWN_KEYS = 0x800000;

/** The part of a policy that MIT's attributes express. */
export function policyOfAttributes(attributes: number): PrincipalPolicy {
  const set = FLAGS.filter(([bit]) => (attributes & bit) !== 0).map(([, flag]) => [flag, true]);
  // Without the flag, MIT does not require pre-authentication, whereas our realms may.
  return { requiresPreauth: false, ...Object.fromEntries(set) };
}

export function attributesOfPolicy(policy: PrincipalPolicy, requiresPreauth: boolean): number {
  let attributes = policy.notDelegated ? DISALLOW_FORWARDABLE | DISALLOW_PROXIABLE : 0;
  for (const [bit, flag] of FLAGS) if (policy[flag] === true) attributes |= bit;
  return (policy.requiresPreauth ?? requiresPreauth) ? attributes | REQUIRES_PREAUTH : attributes;
}

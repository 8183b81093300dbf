import type { RealmOptions } from '../start.ts';

/**
 * Two realms that refer clients which ask for a host of `domain` to each other, and the realm of `options` referring to
 * them: such hosts are never found.
 */
export function withReferralLoop(options: RealmOptions, domain: string): readonly RealmOptions[] {
  const suffix = `.${domain}`;
  const { realm } = options;
  const [here, there] = [`HERE.${realm}`, `THERE.${realm}`];
  // Both accept the client's path, however long it gets.
  const capaths = { [realm]: { [here]: [there], [there]: [here] } };
  return [
    {
      ...options,
      trusts: [...(options.trusts ?? []), { realm: here }],
      domainRealms: { ...options.domainRealms, [suffix]: here },
    },
    { realm: here, trusts: [{ realm: there }], domainRealms: { [suffix]: there }, capaths },
    { realm: there, domainRealms: { [suffix]: here }, capaths },
  ];
}

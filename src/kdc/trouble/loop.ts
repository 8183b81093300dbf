import type { RealmOptions } from '../start.ts';

/**
 * Two realms that refer whoever asks for a host of `domain` to each other, and the realm of `options` referring to
 * them: no such host is ever found.
 */
export function withReferralLoop(options: RealmOptions, domain: string): readonly RealmOptions[] {
  const suffix = `.${domain}`;
  const { realm } = options;
  const [here, there] = [`HERE.${realm}`, `THERE.${realm}`];
  // Both find the way that the client has come a good one, however often it comes.
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

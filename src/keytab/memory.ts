import type { Keytab, KeytabEntry } from './keytab.ts';

/** The keytabs of this process by name. */
const keytabs = new Map<string, readonly KeytabEntry[]>();

/** A keytab that exists as long as the process; all handles with one name are the same keytab. */
export function memoryKeytab(name: string): Keytab {
  return {
    name: `MEMORY:${name}`,
    async entries() {
      return keytabs.get(name) ?? [];
    },
    async add(entries) {
      keytabs.set(name, [...(keytabs.get(name) ?? []), ...entries]);
    },
    async remove(matches) {
      const before = keytabs.get(name) ?? [];
      const kept = before.filter(entry => !matches(entry));
      keytabs.set(name, kept);
      return before.length - kept.length;
    },
  };
}

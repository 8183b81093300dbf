import { startMitKdc } from '../../support/mit-kdc.ts';

/** Two realms beyond the home realm, which trusts B.TEST, which trusts C.TEST. */
export interface Foreign {
  /** For the home realm's client: where their KDCs are, and the way there. */
  addTo(profile: string): string;
  stop(): Promise<void>;
}

/** The password that the home realm gives krbtgt/B.TEST. */
export const BETWEEN = 'between-realms';
/** What the home realm's KDC must know: who refers to B.TEST for what. */
export const DOMAIN_REALM = '  .b.test = B.TEST\n';

export function capaths(home: string): string {
  return `[capaths]\n  ${home} = {\n    B.TEST = .\n    C.TEST = B.TEST\n  }\n`;
}

/** Starts both, of the reference implementation. */
export async function startForeign(home: string): Promise<Foreign> {
  const trust = (to: string, from: string): string =>
    `addprinc -pw ${BETWEEN} -e aes256-cts-hmac-sha1-96:normal krbtgt/${to}@${from}`;
  const sections = capaths(home);
  const realms = [
    await startMitKdc({
      name: 'B.TEST',
      principals: [
        trust('B.TEST', home),
        trust('C.TEST', 'B.TEST'),
        'addprinc -randkey host/www.b.test',
        'addprinc -randkey host/b.test',
      ],
      sections,
    }),
    await startMitKdc({
      name: 'C.TEST',
      principals: [trust('C.TEST', 'B.TEST'), 'addprinc -randkey host/www.c.test'],
      sections,
    }),
  ];
  const kdcs = realms.map(({ realm, port }) => `  ${realm} = {\n    kdc = 127.0.0.1:${port}\n  }\n`).join('');
  return {
    addTo: profile => profile.replace('[realms]\n', `[realms]\n${kdcs}`) + sections,
    async stop() {
      await Promise.all(realms.map(realm => realm.stop()));
    },
  };
}

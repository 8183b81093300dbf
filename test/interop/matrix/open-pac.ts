import { readFileSync } from 'node:fs';
import { findPac, verifyPac } from '../../../src/ap/pac.ts';
import { CcacheFile } from '../../../src/ccache/file/format.ts';
import { resolveKeytab } from '../../../src/keytab/keytab.ts';
import { KU_TICKET } from '../../../src/messages/numbers.ts';
import type { Pac } from '../../../src/messages/pac.ts';
import { formatPrincipal, toPrincipal } from '../../../src/messages/principal.ts';
import { toKey, unseal } from '../../../src/messages/seal.ts';
import { EncTicketPart, Ticket } from '../../../src/messages/ticket.ts';
import type { Cell } from './cell.ts';

/** The PAC in the cell's ticket for a service, verified as the service would do it; undefined where there is none. */
export async function openPac({ cache, realm }: Cell, service: string): Promise<Pac | undefined> {
  const { credentials } = CcacheFile.decode(readFileSync(cache));
  const credential = credentials.find(({ server }) => formatPrincipal(server) === `${service}@${realm.name}`);
  const { encPart } = Ticket.decode(credential!.ticket);
  const entry = (await resolveKeytab(realm.keytab).entries()).find(
    ({ principal, key, kvno }) =>
      formatPrincipal(principal) === `${service}@${realm.name}` &&
      key.keytype === encPart.etype &&
      kvno === encPart.kvno,
  );
  const key = toKey(entry!.key);
  const part = unseal(EncTicketPart, encPart, key, KU_TICKET);
  const bytes = findPac(part.authorizationData ?? []);
  if (bytes === undefined) return undefined;
  return verifyPac(bytes, { key, client: toPrincipal(part.cname, part.crealm), authtime: part.authtime });
}

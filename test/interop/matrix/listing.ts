/** A ticket as `klist -ef` of the reference implementation shows it, in UTC. */
export interface ListedTicket {
  readonly server: string;
  /** Where it is not the cache's own principal. */
  readonly client: string | undefined;
  readonly start: Date;
  readonly end: Date;
  readonly renewTill: Date | undefined;
  /** A letter for each. */
  readonly flags: string;
  /** The enctypes of the session key and of the ticket. */
  readonly sessionKey: string;
  readonly ticketKey: string;
}

export interface Listing {
  readonly principal: string;
  readonly tickets: readonly ListedTicket[];
}

const TIME = String.raw`(\d\d/\d\d/\d\d \d\d:\d\d:\d\d)`;
const TICKET = new RegExp(
  String.raw`^${TIME}  ${TIME}  (\S+)\n\t(?:for client (\S+)(?:, |\n\t))?(?:renew until ${TIME}, )?Flags: (\w*)(?:, |\n\t)Etype \(skey, tkt\): (\S+), (\S+)`,
  'gm',
);

/** Reads the output of `klist -ef`; throws where it is none. */
export function parseListing(text: string): Listing {
  const principal = /^Default principal: (.*)$/m.exec(text)?.[1];
  if (principal === undefined) throw new Error(`not a listing: ${text}`);
  const tickets = [...text.matchAll(TICKET)].map(
    ([, start, end, server, client, renewTill, flags, skey, tkt]) => ({
      server: server!,
      client,
      start: readTime(start!),
      end: readTime(end!),
      renewTill: renewTill === undefined ? undefined : readTime(renewTill),
      flags: flags!,
      sessionKey: nameOf(skey!),
      ticketKey: nameOf(tkt!),
    }),
  );
  return { principal, tickets };
}

/** Month, day and year are those of the C locale. */
function readTime(text: string): Date {
  return new Date(`${text} UTC`);
}

function nameOf(enctype: string): string {
  return enctype.replace('DEPRECATED:', '');
}

import type { PeerName } from '../../support/peers.ts';
import type { Pki } from '../../support/realm-pki.ts';

/** The password of every user of every realm, good enough for Active Directory. */
export const PASSWORD = 'Wonder-land1';

/** The one-time passwords of otpuser. */
export const OTP_CODES = ['123456', '654321'] as const;

/** What a row may need and not every KDC has. */
export type Feature =
  | 'alias'
  | 'anonymous'
  | 'camellia'
  | 'domain PAC'
  | 'ECDSA'
  | 'enterprise name'
  | 'group 16'
  | 'indicators'
  | 'no pre-authentication'
  | 'PAC'
  | 'OTP'
  | 'password server'
  | 'postdating'
  | 'S4U2Proxy'
  | 'S4U2Self'
  | 'salt'
  | 'SHA-2'
  | 'small datagrams'
  | 'SPAKE'
  | 'trust';

/**
 * What every column starts: a realm with the same cast. alice, who is in the keytab as well; nopreauth, who needs no
 * pre-authentication; salted, whose salt is not made of the name; bulky, whose tickets do not fit a datagram; nofwd, whose
 * tickets are not forwardable; changer, policed, lapsed and outdated, who change their passwords, those of the last two having expired; otpuser, who has none but a
 * one-time password, where there are any; and those who
 * are refused: expired (the password), dead (the account), disabled. The services host and HTTP/localhost are in
 * the keytab. Tickets live for ten hours, and may be renewed for a week.
 */
export interface Realm {
  readonly name: string;
  /** A folder for what a cell leaves. */
  readonly dir: string;
  /** The text of a client's krb5.conf. */
  readonly profile: string;
  /** Of its KDC, UDP and TCP, on 127.0.0.1. */
  readonly port: number;
  readonly keytab: string;
  /** The name of the user whose tickets do not fit a datagram, where they are small. */
  readonly bulky: string;
  /** The service that may take tickets for HTTP/localhost in the name of others; its key is in the keytab. */
  readonly front: string;
  readonly pki: Pki;
  /** Who has a token, and its value now, for each row that asks for one; otpuser and OTP_CODES if not given. */
  readonly tokens?: readonly (() => readonly [user: string, value: string])[] | undefined;
  /** Of its users; PASSWORD if not given. */
  readonly password?: string | undefined;
  /** Another realm of the same KDC, with another database, for rows that need what this one has not got. */
  readonly elsewhere?: Readonly<Partial<Record<Feature, Realm>>> | undefined;
  /** Another name of alice's. */
  readonly alias: string;
  /** alice as mail knows her. */
  readonly enterpriseName: string;
  stop(): Promise<void>;
}

/** A column of the matrix. */
export interface Column {
  readonly title: string;
  /** What must be installed. */
  readonly peers: readonly PeerName[];
  /** What the KDC has not got, and why: the cells of rows that need it. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  start(): Promise<Realm>;
}

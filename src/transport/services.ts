import { isKdcReply, isKpasswdReply, kpasswdFault, type ReplyFault, replyFault } from './reply.ts';

/** The kinds of server: any KDC of a realm, one that knows new passwords at once, a password server. */
export type ServiceName = 'kdc' | 'primary' | 'kpasswd';

/** How to find a service of a realm, and how to recognize its answers. */
export interface Service {
  /** Its names in [realms]; the first that exists counts. */
  readonly relations: readonly { readonly name: string; readonly portIsAnothers?: true }[];
  readonly port: number;
  /** Its URI records, and whether only those flagged as primary count. */
  readonly uri: { readonly name: string; readonly primaryOnly: boolean };
  /** Its SRV records; the first name that has any counts. */
  readonly srv: readonly string[];
  /** Whether a reply begins like an answer. */
  isReply(reply: Uint8Array): boolean;
  /** What is wrong with an answer; undefined if nothing is. */
  fault(reply: Uint8Array): Promise<ReplyFault | undefined>;
}

/** Every service. */
export const SERVICES: Readonly<Record<ServiceName, Service>> = {
  kdc: {
    relations: [{ name: 'kdc' }],
    port: 88,
    uri: { name: '_kerberos', primaryOnly: false },
    srv: ['_kerberos'],
    isReply: isKdcReply,
    fault: replyFault,
  },
  primary: {
    relations: [{ name: 'primary_kdc' }, { name: 'master_kdc' }],
    port: 88,
    uri: { name: '_kerberos', primaryOnly: true },
    srv: ['_kerberos-primary', '_kerberos-master'],
    isReply: isKdcReply,
    fault: replyFault,
  },
  kpasswd: {
    relations: [{ name: 'kpasswd_server' }, { name: 'admin_server', portIsAnothers: true }],
    port: 464,
    uri: { name: '_kpasswd', primaryOnly: false },
    srv: ['_kpasswd'],
    isReply: isKpasswdReply,
    fault: kpasswdFault,
  },
};

import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Revocation } from './pkinit-revocation.ts';

/** What proves who the client is in PKINIT (RFC 4556). */
export interface PkinitIdentity {
  readonly certificate: X509Certificate;
  /** RSA or elliptic curve. */
  readonly privateKey: KeyObject;
  /** Certificates that lead from the client's towards the KDC's anchors; they go with the request. */
  readonly chain: readonly X509Certificate[];
}

/** The names of the key purposes a KDC's certificate may have to have, in krb5.conf's words. */
export type PkinitEku = 'kpKDC' | 'kpServerAuth' | 'none';

/** The Diffie-Hellman groups for PKINIT (RFC 4556 §3.2.1, RFC 5349), weakest first. */
export type PkinitGroupName = '2048' | 'P-256' | '4096' | 'P-384' | 'P-521';

/** What PKINIT needs, once it is loaded. */
export interface PkinitMaterial {
  /** Undefined for an anonymous client (RFC 8062), who signs nothing. */
  readonly identity?: PkinitIdentity | undefined;
  /** The certificates that a KDC's has to lead to. */
  readonly anchors: readonly X509Certificate[];
  /** Certificates that may stand between; the KDC's reply may bring more. */
  readonly intermediates?: readonly X509Certificate[] | undefined;
  /** Lists of revoked certificates; nothing is asked of them if not given. */
  readonly revocation?: Revocation | undefined;
  /** The key purpose of a KDC's certificate that does not name the realm's ticket-granting service; `kpKDC` if not given. */
  readonly eku?: PkinitEku | undefined;
  /** DNS names that a KDC's certificate may bear instead of that of the ticket-granting service. */
  readonly kdcHostnames?: readonly string[] | undefined;
  /** The weakest group that is used; `2048` if not given. */
  readonly minGroup?: PkinitGroupName | undefined;
  /** Leaves the KDC's freshness token (RFC 8070) out. */
  readonly disableFreshness?: boolean | undefined;
  /** Kept with the ticket, under MIT's `pa_config_data`, to be used again. */
  readonly identityName?: string | undefined;
}

/** PKINIT as an AS exchange is asked to do it: `load` is called when a KDC offers it. */
export interface PkinitOptions {
  /** May throw KerberosError, of which PREAUTH_FAILED leaves the exchange to other mechanisms. */
  load(): Promise<PkinitMaterial>;
}

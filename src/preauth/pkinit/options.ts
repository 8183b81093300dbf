import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Revocation } from './revocation.ts';

/** The client's certificate and key in PKINIT (RFC 4556). */
export interface PkinitIdentity {
  readonly certificate: X509Certificate;
  /** RSA or elliptic curve. */
  readonly privateKey: KeyObject;
  /** Certificates that lead from the client's towards the KDC's anchors; they are sent with the request. */
  readonly chain: readonly X509Certificate[];
}

/** The values of pkinit_eku_checking in krb5.conf: the key purposes that a KDC's certificate must have. */
export type PkinitEku = 'kpKDC' | 'kpServerAuth' | 'none';

/** The Diffie-Hellman groups for PKINIT (RFC 4556 §3.2.1, RFC 5349), weakest first. */
export type PkinitGroupName = '2048' | 'P-256' | '4096' | 'P-384' | 'P-521';

/** What PKINIT needs, after it has been loaded. */
export interface PkinitMaterial {
  /** Undefined for an anonymous client (RFC 8062), which signs nothing. */
  readonly identity?: PkinitIdentity | undefined;
  /** The certificates to which a KDC's must lead. */
  readonly anchors: readonly X509Certificate[];
  /** Certificates that may be between; the KDC's reply may contain more. */
  readonly intermediates?: readonly X509Certificate[] | undefined;
  /** Revocation lists; revocation is not checked if not given. */
  readonly revocation?: Revocation | undefined;
  /**
   * The key purpose required of a KDC's certificate that does not name the realm's ticket-granting service; `kpKDC` if
   * not given.
   */
  readonly eku?: PkinitEku | undefined;
  /** DNS names that a KDC's certificate may have instead of that of the ticket-granting service. */
  readonly kdcHostnames?: readonly string[] | undefined;
  /** The weakest group to use; `2048` if not given. */
  readonly minGroup?: PkinitGroupName | undefined;
  /** Whether to omit the KDC's freshness token (RFC 8070). */
  readonly disableFreshness?: boolean | undefined;
  /** Recorded with the ticket, under MIT's `pa_config_data`, to be used again. */
  readonly identityName?: string | undefined;
}

/** The PKINIT options of an AS exchange: `load` is called when a KDC offers it. */
export interface PkinitOptions {
  /** May throw KerberosError; after PREAUTH_FAILED, the exchange tries other mechanisms. */
  load(): Promise<PkinitMaterial>;
}

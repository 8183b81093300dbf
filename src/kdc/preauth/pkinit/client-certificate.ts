import { X509Certificate } from 'node:crypto';
import { DIGITAL_SIGNATURE } from '../../../messages/cms-certificate.ts';
import {
  KDC_ERR_CANT_VERIFY_CERTIFICATE,
  KDC_ERR_CLIENT_NAME_MISMATCH,
  KDC_ERR_INCONSISTENT_KEY_PURPOSE,
} from '../../../messages/error-codes.ts';
import { NT_ENTERPRISE } from '../../../messages/numbers.ts';
import { type Principal, samePrincipal } from '../../../messages/principal.ts';
import { type CertificateFacts, inspectCertificate } from '../../../preauth/pkinit/certificate.ts';
import { refuse } from '../../refusal.ts';

/** id-pkinit-KPClientAuth (RFC 4556 §3.2.2), and Microsoft's for logging in with a smart card. */
const PURPOSES = ['1.3.6.1.5.2.3.4', '1.3.6.1.4.1.311.20.2.2'];

/** Refuses a certificate that is not for PKINIT, or that has none of the client's `names`. */
export function checkClientCertificate(
  certificate: X509Certificate,
  names: readonly Principal[],
  { allowUpn }: { readonly allowUpn: boolean },
): void {
  const facts = inspectCertificate(certificate);
  const maySign = facts.keyUsage === undefined || (facts.keyUsage & DIGITAL_SIGNATURE) !== 0;
  if (!maySign || !PURPOSES.some(purpose => facts.purposes?.includes(purpose))) {
    refuse(KDC_ERR_INCONSISTENT_KEY_PURPOSE, 'NOT_FOR_PKINIT');
  }
  if (!names.some(name => bears(facts, name, allowUpn))) {
    refuse(KDC_ERR_CLIENT_NAME_MISMATCH, 'CLIENT_NAME_MISMATCH');
  }
}

/** Reads a certificate in DER; throws `Refusal` if it is malformed. */
export function readCertificate(bytes: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    refuse(KDC_ERR_CANT_VERIFY_CERTIFICATE, 'NOT_A_CERTIFICATE');
  }
}

/** The names in a certificate; Microsoft's are enterprise names in `realm`, which may know them. */
export function namesIn(
  certificate: X509Certificate,
  realm: string,
  { allowUpn }: { readonly allowUpn: boolean },
): readonly Principal[] {
  const { principals, upns } = inspectCertificate(certificate);
  const enterprise = upns.map(upn => ({ nameType: NT_ENTERPRISE, components: [upn], realm }));
  return allowUpn ? [...principals, ...enterprise] : principals;
}

function bears({ principals, upns }: CertificateFacts, name: Principal, allowUpn: boolean): boolean {
  if (principals.some(principal => samePrincipal(principal, name))) return true;
  if (!allowUpn || name.components.length !== 1) return false;
  // In Active Directory, the realm of a name is a domain, in which case is ignored.
  const [user] = name.components;
  return upns.some(upn => {
    const at = upn.lastIndexOf('@');
    return upn === user || (upn.slice(0, at) === user && upn.slice(at + 1).toUpperCase() === name.realm);
  });
}

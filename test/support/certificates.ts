import forge from 'node-forge';

/** A certificate and its key in PEM. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
}

interface Authority extends Certified {
  /** A server's certificate for these DNS names and IPv4 addresses. */
  issue(...names: readonly string[]): Certified;
}

/** A certificate authority of a test. */
export function createAuthority(name = 'krb5kit test'): Authority {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const subject = [{ name: 'commonName', value: name }];
  const own = certify({ subject, issuer: subject, publicKey: keys.publicKey, signer: keys.privateKey }, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ]);
  return {
    certificate: own,
    key: forge.pki.privateKeyToPem(keys.privateKey),
    issue(...names) {
      const pair = forge.pki.rsa.generateKeyPair(2048);
      const altNames = names.map(text =>
        /^[\d.]+$/.test(text) ? { type: 7, ip: text } : { type: 2, value: text },
      );
      const certificate = certify(
        {
          subject: [{ name: 'commonName', value: names[0]! }],
          issuer: subject,
          publicKey: pair.publicKey,
          signer: keys.privateKey,
        },
        [
          { name: 'subjectAltName', altNames },
          { name: 'extKeyUsage', serverAuth: true },
        ],
      );
      return { certificate, key: forge.pki.privateKeyToPem(pair.privateKey) };
    },
  };
}

let serial = 1;

function certify(
  parts: {
    subject: forge.pki.CertificateField[];
    issuer: forge.pki.CertificateField[];
    publicKey: forge.pki.rsa.PublicKey;
    signer: forge.pki.rsa.PrivateKey;
  },
  extensions: object[],
): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = parts.publicKey;
  certificate.serialNumber = `0${serial++}`;
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject(parts.subject);
  certificate.setIssuer(parts.issuer);
  certificate.setExtensions(extensions);
  certificate.sign(parts.signer, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

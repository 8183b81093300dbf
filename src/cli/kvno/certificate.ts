import { readFileSync } from 'node:fs';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END ';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The DER of the first certificate in a PEM file; its contents are not checked. */
export function readCertificate(file: string): Uint8Array {
  const lines = readText(file)
    .split('\n')
    .map(line => line.trim());
  const begin = lines.findIndex(line => line.startsWith(BEGIN));
  if (begin < 0) throw unusable('No begin line not found');
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex(line => line.startsWith(END));
  const body = end < 0 ? rest.slice(0, -1) : rest.slice(0, end);
  if (body.some(line => line === '' || line.includes(':'))) throw unusable('Unexpected header line');
  if (end < 0) throw unusable('No end line found');
  const base64 = body.join('');
  if (!BASE64.test(base64)) throw unusable('Invalid base64');
  return Buffer.from(base64, 'base64');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw unusable(systemReason(error));
  }
}

function unusable(why: string): KerberosError {
  return new KerberosError('PKINIT_IDENTITY', why);
}

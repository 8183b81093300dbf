import type { X509Certificate } from 'node:crypto';
import { DIGITAL_SIGNATURE, KEY_ENCIPHERMENT } from '../../messages/cms-certificate.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type CertificateFacts, inspectCertificate } from './certificate.ts';
import { failed } from './files.ts';
import { posixRegex } from './posix-regex.ts';

/** The parts of a certificate that rules match. */
interface Subject {
  readonly certificate: X509Certificate;
  readonly facts: CertificateFacts;
}

type Component = (subject: Subject) => boolean;

/** Makes a component from the text after its keyword; undefined for text that the keyword does not know. */
type Keyword = (value: string) => Component | undefined;

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map([
  ['<SUBJECT>', value => byPattern(value, ({ certificate }) => [nameText(certificate.subject)])],
  ['<ISSUER>', value => byPattern(value, ({ certificate }) => [nameText(certificate.issuer)])],
  [
    '<SAN>',
    value =>
      byPattern(value, ({ facts: { principals, upns } }) => [
        ...principals.map(principal => formatPrincipal(principal)),
        ...upns,
      ]),
  ],
  [
    '<EKU>',
    value => {
      const wanted = listed(value, PURPOSES);
      return wanted && (({ facts }) => wanted.every(purpose => facts.purposes?.includes(purpose)));
    },
  ],
  [
    '<KU>',
    value => {
      const wanted = listed(value, USAGES);
      return wanted && (({ facts }) => wanted.every(usage => ((facts.keyUsage ?? 0) & usage) !== 0));
    },
  ],
]);

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['pkinit', '1.3.6.1.5.2.3.4'],
  ['mssclogin', '1.3.6.1.4.1.311.20.2.2'],
  ['clientauth', '1.3.6.1.5.5.7.3.2'],
  ['emailprotection', '1.3.6.1.5.5.7.3.4'],
]);
const USAGES: ReadonlyMap<string, number> = new Map([
  ['digitalsignature', DIGITAL_SIGNATURE],
  ['keyencipherment', KEY_ENCIPHERMENT],
]);

/**
 * The one of `candidates` that MIT's pkinit_cert_match chooses. Each rule, in order, is `[&&|||]` and components such
 * as `<SUBJECT>regex` or `<EKU>list`; the first rule that matches exactly one certificate decides. Undefined if none
 * does. Throws KerberosError PKINIT_IDENTITY for a rule that cannot be read.
 */
export function onlyMatch<T extends { readonly certificate: X509Certificate }>(
  candidates: readonly T[],
  rules: readonly string[],
): T | undefined {
  const subjects = candidates.map(candidate => ({
    candidate,
    certificate: candidate.certificate,
    facts: inspectCertificate(candidate.certificate),
  }));
  for (const rule of rules) {
    const [first, ...others] = subjects.filter(parseRule(rule));
    if (first !== undefined && others.length === 0) return first.candidate;
  }
  return undefined;
}

function parseRule(rule: string): (subject: Subject) => boolean {
  const [, relation, text] = /^(&&|\|\||)(.*)$/s.exec(rule)!;
  const parts = text!.split(new RegExp(`(${[...KEYWORDS.keys()].join('|')})`));
  if (parts[0] !== '') throw unreadableRule(rule, 'it must begin with a keyword such as <SUBJECT>');
  const components: Component[] = [];
  for (let at = 1; at < parts.length; at += 2) {
    const component = componentOf(parts[at]!, parts[at + 1]!, rule);
    // MIT ignores a rule with an empty or unknown list, and continues with the next.
    if (component === undefined) return () => false;
    components.push(component);
  }
  if (relation === '||') return subject => components.some(component => component(subject));
  return subject => components.length > 0 && components.every(component => component(subject));
}

function componentOf(keyword: string, value: string, rule: string): Component | undefined {
  if (value === '') return undefined;
  try {
    return KEYWORDS.get(keyword)!(value);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw unreadableRule(rule, `'${value}' is not a regular expression`, cause);
  }
}

function byPattern(source: string, textsOf: (subject: Subject) => readonly string[]): Component {
  const pattern = posixRegex(source);
  return subject => textsOf(subject).some(text => pattern.test(text));
}

/** The values of the words in a list; undefined if there is an unknown one. */
function listed<T>(value: string, words: ReadonlyMap<string, T>): readonly T[] | undefined {
  // MIT lets a comma end the list.
  const found = value
    .replace(/,$/, '')
    .split(',')
    .map(word => words.get(word.toLowerCase()));
  return found.every(each => each !== undefined) ? found : undefined;
}

/** A Name on a single line, as OpenSSL gives it to MIT, from node:crypto's lines with their escapes. */
function nameText(lines: string): string {
  return lines
    .replaceAll('\n', ',')
    .replaceAll(' + ', '+')
    .replace(/\\([\dA-F]{2}|.)/g, (_, code: string) =>
      code.length === 2 ? String.fromCharCode(Number.parseInt(code, 16)) : code,
    );
}

function unreadableRule(rule: string, reason: string, cause?: unknown): Error {
  return failed(`Cannot read pkinit_cert_match '${rule}': ${reason}`, cause);
}

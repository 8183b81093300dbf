import { KerberosError } from '../errors.ts';
import { NT_ENTERPRISE, NT_PRINCIPAL, NT_SRV_HST, NT_SRV_INST, NT_WELLKNOWN } from './numbers.ts';
import type { PrincipalName } from './types.ts';

/** A principal: the RFC's PrincipalName with its realm. */
export interface Principal {
  readonly nameType: number;
  readonly components: readonly string[];
  readonly realm: string;
}

export interface ParsePrincipalOptions {
  /** The realm of a text that contains none; without it such text is refused. */
  readonly defaultRealm?: string | undefined;
  /** NT_ENTERPRISE: the whole text up to an unescaped second `@` is one component (RFC 6806 §5). */
  readonly nameType?: number | undefined;
}

/** `krbtgt/REALM@REALM` and names of two parts that begin with `krbtgt` are NT-SRV-INST (RFC 4120 §6.2). */
const TGS_NAME = 'krbtgt';

/**
 * Parses MIT's text form: `\` quotes `/`, `@` and `\`; `\n`, `\t`, `\b` and `\0` are escapes (RFC 1964 §2.1.3). Throws
 * KerberosError PRINCIPAL_MALFORMED or CONFIG_NO_DEFAULT_REALM.
 */
export function parsePrincipal(text: string, options: ParsePrincipalOptions = {}): Principal {
  if (typeof text !== 'string') throw new TypeError("a principal's name is a string");
  const enterprise = options.nameType === NT_ENTERPRISE;
  const { components, realm } = split(text, enterprise);
  const inRealm = realm ?? options.defaultRealm;
  if (inRealm === undefined) {
    throw new KerberosError('CONFIG_NO_DEFAULT_REALM', 'Configuration file does not specify default realm');
  }
  return { nameType: options.nameType ?? impliedNameType(components), components, realm: inRealm };
}

/** The text form, with MIT's quoting; `realm: false` omits the realm. */
export function formatPrincipal(principal: Principal, options: { readonly realm?: boolean } = {}): string {
  const { components } = principal;
  let name = components.length === 0 ? '' : quote(components[0]!);
  for (let i = 1; i < components.length; i++) name += `/${quote(components[i]!)}`;
  return options.realm === false ? name : `${name}@${quote(principal.realm)}`;
}

/** The principal of a wire name in a realm. */
export function toPrincipal(name: PrincipalName, realm: string): Principal {
  return { nameType: name.nameType, components: name.nameString, realm };
}

/** The wire name of a principal. */
export function toPrincipalName(principal: Principal): PrincipalName {
  if (!Array.isArray(principal.components)) throw new TypeError('a principal is what parsePrincipal makes');
  return { nameType: principal.nameType, nameString: principal.components };
}

/** Whether two principals are the same: realm and components; the name type is a hint (RFC 4120 §6.2). */
export function samePrincipal(a: Principal, b: Principal): boolean {
  return a.realm === b.realm && sameComponents(a.components, b.components);
}

/** Whether two names are the same, whatever their types. */
export function sameName(a: PrincipalName, b: PrincipalName): boolean {
  return sameComponents(a.nameString, b.nameString);
}

/** The ticket-granting service of `realm`, as a principal of the realm `issuer`. */
export function tgsPrincipal(realm: string, issuer = realm): Principal {
  return { nameType: NT_SRV_INST, components: [TGS_NAME, realm], realm: issuer };
}

/** Whether a principal is the ticket-granting service of some realm. */
export function isTgs(principal: Principal): boolean {
  return principal.components.length === 2 && principal.components[0] === TGS_NAME;
}

/** `service/host`, NT-SRV-HST. */
export function hostBasedPrincipal(service: string, host: string, realm: string): Principal {
  return { nameType: NT_SRV_HST, components: [service, host], realm };
}

function sameComponents(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((component, i) => component === b[i]);
}

function impliedNameType(components: readonly string[]): number {
  if (components.length === 2 && components[0] === TGS_NAME) return NT_SRV_INST;
  if (components.length >= 2 && components[0] === 'WELLKNOWN') return NT_WELLKNOWN;
  return NT_PRINCIPAL;
}

/** One unit of a principal's text: a character, or a backslash and the character that it quotes. */
const PIECE = /\\?./gsu;

function split(text: string, enterprise: boolean): { components: string[]; realm: string | undefined } {
  if (text.includes('\0')) throw malformed();
  const parts = [''];
  let inRealm = false;
  // An enterprise name keeps its slashes and its first `@`.
  let kept = enterprise ? 1 : 0;
  for (const [piece] of text.matchAll(PIECE)) {
    const separates = piece === '@' ? kept-- <= 0 : piece === '/' && !enterprise;
    if (separates) {
      if (inRealm) throw malformed();
      inRealm = piece === '@';
      parts.push('');
    } else {
      parts[parts.length - 1] += piece.startsWith('\\') ? unescaped(piece.slice(1)) : piece;
    }
  }
  return inRealm
    ? { components: parts.slice(0, -1), realm: parts.at(-1) }
    : { components: parts, realm: undefined };
}

function unescaped(char: string): string {
  switch (char) {
    case '':
      throw malformed();
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case '0':
      return '\0';
    default:
      return char;
  }
}

function quote(text: string): string {
  // Replacing takes ten times as long as this test, and there is seldom anything to quote.
  if (!/[\\/@\n\t\b\0]/.test(text)) return text;
  return text.replace(/[\\/@\n\t\b\0]/g, char => {
    switch (char) {
      case '\n':
        return '\\n';
      case '\t':
        return '\\t';
      case '\b':
        return '\\b';
      case '\0':
        return '\\0';
      default:
        return `\\${char}`;
    }
  });
}

function malformed(): KerberosError {
  return new KerberosError('PRINCIPAL_MALFORMED', 'Malformed representation of principal');
}

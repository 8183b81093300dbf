import { GssError } from '../gss/gss-error.ts';

/** One challenge of a WWW-Authenticate or Proxy-Authenticate header, or the credentials of an Authorization header. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** What follows the scheme if it is a single word, such as a token in base64. */
  readonly token68: string | undefined;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A Negotiate challenge, or the answer to one. */
export interface Negotiate {
  readonly token: Uint8Array | undefined;
}

/** A longer header is ignored: a ticket with the largest PAC takes half of this. */
export const MAX_AUTHENTICATE_LENGTH = 1 << 17;

const ITEM = /(?:[^",\\]|\\.|"(?:[^"\\]|\\.)*(?:"|$)|\\$)+/gs;
const PARAMETER = /^([!#$%&'*+\-.^_`|~\w]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~\w]+))$/s;
const SCHEME = /^([!#$%&'*+\-.^_`|~\w]+)(?:[ \t]+(\S.*))?$/s;
const TOKEN68 = /^[\w\-.~+/]+=*$/;
/** Nearly every header has this form, so that most headers are scanned only once. */
const PLAIN = /^negotiate(?: +([A-Za-z0-9+/]+={0,2}))?$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The challenges of a header, of which there may be several (RFC 9110 §11.6.1); anything else in it is ignored. */
export function parseChallenges(header: string | readonly string[] | undefined): readonly Challenge[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ');
  if (text.length > MAX_AUTHENTICATE_LENGTH) return [];
  const challenges: (Challenge & { readonly parameters: Map<string, string> })[] = [];
  for (const [item] of text.matchAll(ITEM)) {
    const words = item.trim();
    // A comma separates both parameters and challenges; only the form of what follows tells which.
    if (addParameter(challenges.at(-1)?.parameters, words)) continue;
    const [, scheme, rest] = SCHEME.exec(words) ?? [];
    if (scheme === undefined) continue;
    const token68 = rest !== undefined && TOKEN68.test(rest) ? rest : undefined;
    const challenge = { scheme: scheme.toLowerCase(), token68, parameters: new Map<string, string>() };
    if (rest !== undefined && token68 === undefined) addParameter(challenge.parameters, rest);
    challenges.push(challenge);
  }
  return challenges;
}

/**
 * The Negotiate challenge of a header (RFC 4559 §4.1), if there is one. Throws GssError DEFECTIVE_TOKEN if its token is
 * not base64.
 */
export function findNegotiate(header: string | readonly string[] | undefined): Negotiate | undefined {
  const plain = typeof header === 'string' && header.length <= MAX_AUTHENTICATE_LENGTH && PLAIN.exec(header);
  if (plain && (plain[1] ?? '').length % 4 === 0) {
    return { token: plain[1] === undefined ? undefined : Buffer.from(plain[1], 'base64') };
  }
  const challenge = parseChallenges(header).find(({ scheme }) => scheme === 'negotiate');
  if (challenge === undefined) return undefined;
  const { token68, parameters } = challenge;
  if (parameters.size > 0 || (token68 !== undefined && !BASE64.test(token68))) {
    throw new GssError('DEFECTIVE_TOKEN', 'The Negotiate token is not base64');
  }
  return { token: token68 === undefined ? undefined : Buffer.from(token68, 'base64') };
}

/** A Negotiate challenge, or the answer to one, as the value of a header. */
export function formatNegotiate(token?: Uint8Array): string {
  if (token === undefined) return 'Negotiate';
  return `Negotiate ${Buffer.from(token.buffer, token.byteOffset, token.length).toString('base64')}`;
}

/** Whether the words are a parameter; if so, it is added to the preceding challenge, if there is one. */
function addParameter(parameters: Map<string, string> | undefined, words: string): boolean {
  const [, name, quoted, plain] = PARAMETER.exec(words) ?? [];
  if (name === undefined) return false;
  parameters?.set(name.toLowerCase(), plain ?? quoted!.replace(/\\(.)/gs, '$1'));
  return true;
}

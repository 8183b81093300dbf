import { CodecError } from '../errors.ts';

/** The longest encoding, and the longest realm name and the most realms to which it may expand. */
const MAX_ENCODING_LENGTH = 0x10000;
const MAX_REALM_LENGTH = 512;
const MAX_REALMS = 1000;

/**
 * The realms from `client` to `server`, both included: through `capath`, the values in [capaths] (`.` alone is direct
 * trust), or, if that is empty, up to the nearest common domain and down again, as in RFC 4120 §1.2.
 */
export function realmPath(client: string, server: string, capath: readonly string[] = []): readonly string[] {
  if (client === server) return [client];
  // A KDC on the way may name any realm; a name this long belongs to no real hierarchy.
  const nested = client.length <= MAX_REALM_LENGTH && server.length <= MAX_REALM_LENGTH;
  const between =
    capath.length > 0 ? capath.filter(realm => realm !== '.') : nested ? hierarchy(client, server) : [];
  return [client, ...between.filter(realm => realm !== client && realm !== server), server];
}

/**
 * The realms in a DOMAIN-X500-COMPRESS transited encoding, without client and server (RFC 4120 §3.3.3.2). Throws
 * `CodecError` for impossible realms, and for too many.
 */
export function expandTransited(encoding: string, client: string, server: string): readonly string[] {
  const realms: string[] = [];
  const add = (...more: readonly string[]): void => {
    realms.push(...more);
    if (realms.length > MAX_REALMS) throw new CodecError(`more than ${MAX_REALMS} transited realms`);
  };
  if (encoding === '') return realms;
  if (encoding.length > MAX_ENCODING_LENGTH) throw new CodecError('transited encoding too long');
  let previous = '';
  let gap = false;
  for (const [i, field] of splitFields(encoding).entries()) {
    if (field === '') {
      if (i === 0) previous = client;
      gap = true;
      continue;
    }
    const realm = joinField(field, previous);
    if (gap) add(...between(previous, realm));
    add(realm);
    previous = realm;
    gap = false;
  }
  if (gap) add(...between(previous, server));
  return realms;
}

function hierarchy(client: string, server: string): string[] {
  const up = domains(client);
  const down = domains(server);
  const shared = up.find(realm => down.includes(realm));
  // Realms without a common domain meet between their top-level ones.
  const top = (list: readonly string[]): number =>
    shared === undefined ? list.length : list.indexOf(shared);
  const turn = shared === undefined ? [] : [shared];
  return [...up.slice(0, top(up)), ...turn, ...down.slice(0, top(down)).reverse()];
}

/** A realm and the domains around it, innermost first. */
function domains(realm: string): string[] {
  const labels = realm.split('.');
  return labels.map((_, i) => labels.slice(i).join('.'));
}

/** The fields between commas; a backslash quotes the next character. */
function splitFields(encoding: string): string[] {
  const fields = [''];
  for (const [piece] of encoding.matchAll(/\\?./gs)) {
    if (piece === ',') fields.push('');
    else fields[fields.length - 1] += piece.length > 1 ? piece.slice(1) : piece;
  }
  return fields;
}

/** A field ending in a dot extends the realm before it to the left, one beginning with a slash to the right. */
function joinField(field: string, previous: string): string {
  const realm = field.startsWith(' ')
    ? field.slice(1)
    : field.startsWith('/')
      ? previous + field
      : field.endsWith('.')
        ? field + previous
        : field;
  if (realm === '' || realm.length > MAX_REALM_LENGTH) throw new CodecError('not a transited realm');
  return realm;
}

/** The realms strictly between two of which one must lie above the other. */
function between(a: string, b: string): string[] {
  if (a === b || a === '') return [];
  const [outer, inner] = a.length < b.length ? [a, b] : [b, a];
  if (inner.startsWith('/')) {
    if (!inner.startsWith(outer)) throw unrelated(a, b);
    return cuts(inner, '/', outer.length + 1).map(at => inner.slice(0, at));
  }
  if (!inner.endsWith(outer)) throw unrelated(a, b);
  return cuts(inner, '.', 0)
    .filter(at => at < inner.length - outer.length - 1)
    .map(at => inner.slice(at + 1));
}

function cuts(text: string, separator: string, from: number): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(separator, from); at >= 0; at = text.indexOf(separator, at + 1)) found.push(at);
  return found;
}

function unrelated(a: string, b: string): CodecError {
  return new CodecError(`no realms lie between ${a} and ${b}`);
}

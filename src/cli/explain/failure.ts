import { enctypeText } from '../../client/telling.ts';
import { printable } from '../../codec/text.ts';
import type { ErrorCode } from '../../errors.ts';
import { padataName } from '../../messages/padata-names.ts';
import type { Failure } from '../run-command.ts';
import { wrapLine } from '../terminal/wrap.ts';
import type { Io } from '../terminal.ts';
import { hintFor } from './hints.ts';
import { lookupOutcome } from './lookups.ts';
import { type FactOf, numberText, type Story, storyOf } from './story.ts';

/**
 * What led to a failure, line by line, and the one thing to try; empty if nothing is known. Each fact is mentioned
 * once.
 */
export function explanation({ error }: Failure, io: Io): string {
  const story = storyOf(error, io);
  // A user who gives up, or types two different new passwords, knows why.
  if (story.errors.some(({ code }) => TYPED.includes(code))) return '';
  const hint = hintFor(story);
  const lines = [
    ...configLines(story),
    ...askedLines(story),
    ...kdcLines(story),
    ...answerLines(story),
    ...secretLines(story),
    ...pkinitLines(story),
    ...(story.clock === undefined ? [] : [`Clock: ${story.clock}`]),
    ...(hint === undefined ? [] : [`Try: ${hint}`]),
  ];
  const { stderrIsTerminal, columns } = io;
  return lines.map(line => `${wrapLine(`  ${printable(line)}`, stderrIsTerminal, columns)}\n`).join('');
}

const TYPED: readonly ErrorCode[] = ['PASSWORD_INTERRUPTED', 'PASSWORD_MISMATCH'];

function configLines(story: Story): readonly string[] {
  return unique([
    ...story.all('config').map(configLine),
    ...story.all('realm').map(({ realm, found }) => `Realm: ${realm || "the client's"} (${found})`),
    ...story.all('referral').map(({ realm }) => `Referred to realm: ${realm}`),
  ]);
}

function configLine({ files, from, skipped }: FactOf<'config'>): string {
  const gone = skipped.length === 0 ? '' : `; cannot be read: ${skipped.join(', ')}`;
  return `Configuration: ${files.join(', ')} (${from}${gone})`;
}

function askedLines(story: Story): readonly string[] {
  return unique(
    story.all('request').map(({ message, client, server, realm, fast }) => {
      const how = fast ? `${message} within FAST` : message;
      return `Asked: the KDC of ${realm || '""'} for ${client} -> ${server} (${how})`;
    }),
  );
}

/** Where KDCs were looked for, and what each of those that were tried did. */
function kdcLines(story: Story): readonly string[] {
  const lookups = story.all('lookup').map(fact => `DNS: ${fact.query}: ${lookupOutcome(fact).text}`);
  const tried = new Map<string, string>();
  for (const { fact } of story.decisions) {
    if (fact?.kind === 'sent') tried.set(nameOf(fact), tried.get(nameOf(fact)) ?? 'no answer');
    else if (fact?.kind === 'answered') tried.set(nameOf(fact), 'answered');
    else if (fact?.kind === 'failed') tried.set(nameOf(fact), reasonInWords(fact.reason));
  }
  const attempts = [...tried].map(([name, outcome]) => `KDC: ${name}: ${outcome}`);
  return unique([...lookups, ...attempts]);
}

function nameOf({ target, found }: { readonly target: string; readonly found?: string | undefined }): string {
  return found === undefined ? target : `${target} (${found})`;
}

/** What Node's error codes mean. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing is listening there',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'the host name is unknown to DNS',
  EAI_AGAIN: 'DNS does not answer',
  ETIMEDOUT: 'no answer',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
};

/** Why a KDC could not be reached. */
export function reasonInWords(reason: string): string {
  const [code = ''] = /\bE[A-Z_]+\b/.exec(reason) ?? [];
  return REASONS[code] ?? reason;
}

function answerLines(story: Story): readonly string[] {
  const error = story.last('kdc-error');
  if (error === undefined || error.number !== story.number) return [];
  const text = error.text ? `: "${error.text}"` : '';
  return [`Answer: ${numberText(error.number)} from the KDC of ${error.realm}${text}`];
}

/** Enctypes, keys, salt and pre-authentication, on both sides. */
function secretLines(story: Story): readonly string[] {
  const { request } = story;
  const hints = story.last('hints');
  const keytab = story.last('keytab');
  const sealed = story.last('sealed');
  const offers = story.all('offers').at(0);
  return [
    request && `Enctypes offered: ${names(request.enctypes)}`,
    hints && `Enctypes that the KDC names for the client: ${names(hints.enctypes)}`,
    hints && keyLine(hints),
    keytab && keytabLine(keytab),
    sealed && `KDC's key for the ${sealed.what}: ${names([sealed.enctype])}${version(sealed.kvno)}`,
    offers && `Pre-authentication offered: ${padataNames(offers.padataTypes)}`,
    mechanismLine(story),
  ].filter(line => line !== undefined);
}

function keyLine({ enctype, salt, usualSalt }: FactOf<'hints'>): string | undefined {
  if (enctype === undefined) return undefined;
  const usual = usualSalt ? 'the default one' : 'not the default one';
  return `Key: ${names([enctype])}, salt ${JSON.stringify(salt)} (${usual})`;
}

function keytabLine({ principal, keys, others }: FactOf<'keytab'>): string {
  if (keys.length === 0)
    return `Keytab: no key of ${principal}; it has ${others.join(', ') || 'none at all'}`;
  const list = keys.map(
    ({ kvno, enctype, time }) => `kvno ${kvno} ${names([enctype])} of ${time.toISOString().slice(0, 10)}`,
  );
  return `Keytab: ${principal}: ${list.join(', ')}`;
}

function mechanismLine(story: Story): string | undefined {
  const failures = new Map(story.all('mechanism-failed').map(fact => [fact.padataType, fact.reason]));
  const tried = story.all('mechanism').map(({ padataType, name }) => {
    const reason = failures.get(padataType);
    return `${name} (${padataType})${reason === undefined ? '' : `: ${reason}`}`;
  });
  return tried.length === 0 ? undefined : `Pre-authentication tried: ${unique(tried).join(', ')}`;
}

/** What PKINIT found about the certificates of the client, not of the anonymous one whose ticket armors FAST. */
function pkinitLines({ decisions, request }: Story): readonly string[] {
  const subject = 'PKINIT client ';
  const lines: string[] = [];
  let client = request?.client;
  for (const { text, fact } of decisions) {
    if (fact?.kind === 'request') client = fact.client;
    if (client === request?.client && text.startsWith(subject))
      lines.push(`PKINIT: ${text.slice(subject.length)}`);
  }
  return unique(lines);
}

function version(kvno: number | undefined): string {
  return kvno === undefined ? '' : `, kvno ${kvno}`;
}

function padataNames(types: readonly number[]): string {
  return types.map(type => padataName(type) ?? String(type)).join(', ') || 'none';
}

function names(enctypes: readonly number[]): string {
  return enctypes.map(enctypeText).join(', ') || 'none';
}

function unique(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)];
}

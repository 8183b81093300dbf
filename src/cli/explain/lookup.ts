import type { ErrorCode } from '../../errors.ts';
import { errorName } from '../../messages/error-codes.ts';
import { ERROR_SENTENCES } from '../../messages/error-sentences.ts';
import { CAUSES, senderOf } from './causes.ts';
import { usualHint } from './hints.ts';
import { LIBRARY_ERRORS, type LibraryError } from './library.ts';
import { otherErrors } from './other.ts';
import type { OtherError } from './other-error.ts';
import { OWN_ERRORS } from './own.ts';
import { PROTOCOL_PATTERNS } from './protocol-patterns.ts';

/** What is known about an error. */
export interface Explanation {
  /** Its name in the RFC, in MIT Kerberos, or in the program that reports it. */
  readonly name: string;
  /** The number of RFC 4120 §7.5.9; undefined for errors that no message carries. */
  readonly number: number | undefined;
  /** The number that programs print: MIT's, or a status of GSS-API or Windows; undefined if there is none. */
  readonly libraryNumber: number | undefined;
  readonly sentence: string;
  readonly saidBy: string;
  readonly causes: readonly string[];
  readonly hint: string | undefined;
}

/** The number that MIT and Heimdal use for error 0 of the protocol. */
const BASE = -1765328384;
/** The last number that a KRB-ERROR can have there. */
const LAST = 127;

/**
 * The error that a number, a name or the text of an error message means; undefined if unknown. A number may be the
 * protocol's, hexadecimal as Windows logs it, MIT's with or without its sign, or a status of GSS-API or Windows.
 */
export function findExplanation(text: string): Explanation | undefined {
  const word = text.trim();
  // Windows also logs statuses without 0x.
  const status = /^[89a-f][\da-f]{7}$/i.test(word) ? byNumber(Number(`0x${word}`)) : undefined;
  if (/^-?(?:\d{1,10}|0x[\da-f]{1,8})$/i.test(word)) return byNumber(numberOf(word)) ?? status;
  return (
    status ??
    ofOther(OWN_ERRORS.find(({ name }) => name === word.toUpperCase())) ??
    noTrust(word) ??
    byName(word) ??
    bySentence(word) ??
    byOthersWords(word) ??
    byNumberWithin(word) ??
    // Codes of one word are words of other programs, too.
    ofOther(OWN_ERRORS.find(({ name }) => name.includes('_') && isWordOf(name, word)))
  );
}

function isWordOf(name: string, text: string): boolean {
  return new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text);
}

/** A KDC that has no ticket-granting ticket of another realm. */
function noTrust(text: string): Explanation | undefined {
  const [, realm, from] = /server \(?krbtgt\/([^\s@]+)@([^\s@)]+)\)? (?:not found|unknown)/i.exec(text) ?? [];
  const known = ofProtocol(7);
  if (realm === undefined || from === undefined || known === undefined) return undefined;
  if (realm === from) return wrongKdc(realm, known);
  return {
    ...known,
    causes: [
      `there is no trust between ${from} and ${realm}: the KDC of ${from} has no principal krbtgt/${realm}`,
      `the path leads through other realms, and [capaths] does not have it`,
      `[domain_realm] or the name itself assigns the service to ${realm} by mistake`,
    ],
    hint: `check the name of the realm ${realm}, [domain_realm] and [capaths]; ask the administrators of both realms for a trust`,
  };
}

/** A KDC that does not know the ticket-granting service of the very realm it was asked for. */
function wrongKdc(realm: string, known: Explanation): Explanation {
  return {
    ...known,
    causes: [
      `the KDC that was asked does not serve ${realm}: [realms] or DNS names that of another realm`,
      `the name of the realm is misspelt, or in the wrong case`,
    ],
    hint: `check the name ${realm}; krb5kit doctor shows which KDCs are asked`,
  };
}

function numberOf(word: string): number {
  return word.startsWith('-') ? -Number(word.slice(1)) : Number(word);
}

function byNumber(number: number): Explanation | undefined {
  // The library's numbers are negative, but some programs print them without the sign.
  const offset = (number | 0) - BASE;
  if (Math.abs(number) > LAST && offset >= 0) {
    const row = LIBRARY_ERRORS.find(each => each.number === offset);
    const found = row === undefined ? ofProtocol(offset) : ofLibrary(row);
    if (found !== undefined) return found;
  }
  return ofProtocol(number) ?? ofOther(otherErrors().find(each => each.number === number >>> 0));
}

/** `KRB5KDC_ERR_PREAUTH_FAILED` of MIT's and `KDC_ERR_PREAUTH_FAILED` of the RFC, alone or within a text. */
function byName(text: string): Explanation | undefined {
  // In a log of MIT's KDC, PREAUTH_FAILED is the protocol's error, not the one of ours with that code.
  const isCode = /^[A-Z_]+$/i.test(text) || text.includes('"PREAUTH_FAILED"');
  for (const word of text.toUpperCase().match(/[A-Z\d_]{4,}/g) ?? []) {
    const isOurs = isCode || word !== 'PREAUTH_FAILED';
    const row = LIBRARY_ERRORS.find(({ name, code }) => name === word || (code === word && isOurs));
    if (row !== undefined) return ofLibrary(row);
    const plain = word.replace(/^KRB5(?=KDC_|KRB_)/, '');
    const number = Object.keys(ERROR_SENTENCES).find(key => errorName(Number(key)) === plain);
    if (number !== undefined) return ofProtocol(Number(number));
    const other = otherErrors().find(({ name }) => name === word);
    if (other !== undefined) return ofOther(other);
  }
  return undefined;
}

/** Errors of software built on Kerberos. */
function byOthersWords(text: string): Explanation | undefined {
  const lower = text.toLowerCase();
  const has = (words: string): boolean => lower.includes(words.toLowerCase());
  return ofOther(
    otherErrors().find(({ name, pattern, sentence }) => pattern?.test(text) || has(name) || has(sentence)),
  );
}

function ofOther(error: OtherError | undefined): Explanation | undefined {
  if (error === undefined) return undefined;
  const { name, number, sentence, saidBy, causes, hint } = error;
  return { name, number: undefined, libraryNumber: number, sentence, saidBy, causes, hint };
}

/** The row whose message occurs in the text; the longest one if there are several. */
function bySentence(text: string): Explanation | undefined {
  const lower = text.toLowerCase();
  const found: { readonly length: number; explain(): Explanation | undefined }[] = [];
  for (const [number, sentence] of Object.entries(ERROR_SENTENCES)) {
    if (!lower.includes(sentence.toLowerCase())) continue;
    found.push({ length: sentence.length, explain: () => ofProtocol(Number(number)) });
  }
  for (const row of LIBRARY_ERRORS) {
    if (!lower.includes(row.sentence.toLowerCase()) && !row.pattern?.test(text)) continue;
    found.push({ length: row.sentence.length, explain: () => ofLibrary(row) });
  }
  for (const [pattern, number] of PROTOCOL_PATTERNS) {
    if (pattern.test(text)) found.push({ length: 1, explain: () => ofProtocol(number) });
  }
  return found.sort((a, b) => b.length - a.length)[0]?.explain();
}

/** A library's number anywhere in the text, or the protocol's as Java and Windows write it: `(24)`, `0x18`. */
function byNumberWithin(text: string): Explanation | undefined {
  const [, number] =
    /(-?176532\d{4}|-21468\d{5}|(?<=[\s,(])\d{5,7}(?=[\s,)])|0x[\da-f]{1,8}|(?<=\()\d{1,3}(?=\)))/i.exec(
      text,
    ) ?? [];
  return number === undefined ? undefined : byNumber(numberOf(number));
}

function ofProtocol(number: number): Explanation | undefined {
  const sentence = ERROR_SENTENCES[number];
  if (sentence === undefined) return undefined;
  return {
    name: errorName(number),
    number,
    libraryNumber: BASE + number,
    sentence,
    saidBy: senderOf(number),
    causes: CAUSES[number] ?? [],
    hint: usualHint({ number }) ?? HINTS[number],
  };
}

function ofLibrary({ name, number, sentence, causes, code, hint }: LibraryError): Explanation {
  return {
    name,
    number: undefined,
    libraryNumber: BASE + number,
    sentence,
    saidBy: 'the program itself or its library, not a KDC',
    causes,
    hint: hint ?? (code && (usualHint({ code }) ?? LIBRARY_HINTS[code])),
  };
}

/** Hints for errors where the hint after a failure depends on what led to it. */
const HINTS: Readonly<Record<number, string>> = {
  6: 'check the spelling of the name and the realm; kinit -C accepts an alias',
  7: 'try kvno with the full host name; setspn or kadmin lists the existing principals',
  12: "ask the realm's administrator; HIGHER_AUTHENTICATION_REQUIRED means that the service needs a stronger login",
  13: 'leave out what the KDC does not allow: renewing a ticket that is not renewable, forwarding, or delegation',
  14: 'set a new password for the account, which creates keys of current enctypes',
  23: 'kpasswd',
  24: 'type the password again; for a keytab, compare klist -ke with kvno',
  25: 'KRB5_TRACE=/dev/stderr kinit shows what the KDC offers',
  31: 'type the password again; for a service, create a new keytab and get a new ticket',
  33: 'compare the clocks',
};

const LIBRARY_HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  PRINCIPAL_MALFORMED: 'write it as name@REALM or service/host@REALM, with a backslash before other @ and /',
  PASSWORD_UNREAD: 'type the password at a terminal, or pass it on the standard input',
  REPLY_MODIFIED: 'write the realm in upper case; kinit -C accepts an alias or another spelling of the name',
  CONFIG_UNREADABLE: 'krb5kit doctor',
  CONFIG_SYNTAX: 'krb5kit doctor',
  ENCTYPE_UNSUPPORTED: 'create new keys of AES enctypes',
  KEYTAB_NO_KEY: 'compare klist -ke with the requested name',
  CREDENTIAL_NOT_FOUND: 'get a ticket with kinit; klist shows those that are there',
  REALM_UNKNOWN: 'krb5kit doctor shows where KDCs are searched for',
  KDC_UNREACHABLE: 'krb5kit doctor tries each KDC over UDP and TCP',
  PREAUTH_FAILED: 'KRB5_TRACE=/dev/stderr kinit shows what the KDC offers',
};

import { ConfigError } from '../errors.ts';
import type { Relation } from './profile.ts';

/** The values of `%{…}` in the configuration; getters are called only when a value needs them. */
export interface ExpansionContext {
  readonly uid: number;
  readonly euid: number;
  /** The user's login name. */
  readonly username: string;
  /** The directory for temporary files, without a slash at its end. */
  readonly temp: string;
  /** Further tokens of this machine: LIBDIR, BINDIR, SBINDIR; APPDATA, USERCONFIG and the like on Windows. */
  readonly directories?: Readonly<Record<string, string | undefined>>;
}

const TOKENS: Readonly<Record<string, (context: ExpansionContext) => string>> = {
  uid: context => String(context.uid),
  USERID: context => String(context.uid),
  euid: context => String(context.euid),
  username: context => context.username,
  TEMP: context => context.temp,
  null: () => '',
};

/** Replaces each `%{token}` of a relation's value; throws `ConfigError` CONFIG_VALUE for an unknown one. */
export function expandTokens({ value: text, file, line }: Relation, context: ExpansionContext): string {
  const mistake = (what: string) =>
    new ConfigError('CONFIG_VALUE', `${file}:${line}: ${what}`, { file, line });
  return text.replace(/%\{([^}]*)(\}?)/g, (_, token: string, end: string) => {
    if (end === '') throw mistake(`%{${token} has no closing brace`);
    const value = Object.hasOwn(TOKENS, token) ? TOKENS[token]!(context) : directory(token, context);
    if (value === undefined) throw mistake(`%{${token}} means nothing here`);
    return value;
  });
}

function directory(token: string, { directories = {} }: ExpansionContext): string | undefined {
  return Object.hasOwn(directories, token) ? directories[token] : undefined;
}

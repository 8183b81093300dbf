import type { ArgumentKind } from './kinds.ts';
import { CLASSIC, type CompletionNode, type CompletionOption, callingWord } from './tree.ts';

/** For fish. */
export function fishScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `# Completion of krb5kit's commands for fish, by: krb5kit completion fish | source
# Principals, services and caches are those that "krb5kit completion --values KIND" finds.

set -g __krb5kit_paths ${paths.join(' ')}

function __krb5kit_values
    command krb5kit completion --values $argv[1] </dev/null 2>/dev/null
end

# Whether what has been typed calls the command of these words.
function __krb5kit_at
    set -l words (commandline -opc)
    set -l path (string replace -r '.*/' '' -- $words[1])
    test "$path" = krb5kit; and set path ''
    for word in $words[2..-1]
        set -l longer (string trim -- "$path $word")
        contains -- $longer $__krb5kit_paths; and set path $longer
    end
    test "$path" = "$argv[1]"
end

complete -c krb5kit ${CLASSIC.map(name => `-c ${name}`).join(' ')} -f
${nodes.map(linesOf).join('')}`;
}

function linesOf(node: CompletionNode): string {
  const { path, options, operands, children } = node;
  const program = CLASSIC.find(name => path.split(' ')[0] === name);
  const condition = quote(`__krb5kit_at ${quote(path)}`);
  const start = `complete -c krb5kit${program === undefined ? '' : ` -c ${program}`} -n ${condition}`;
  const words = children.map(child => `-a ${callingWord(child)} -d ${quote(child.summary)}`);
  const kinds = [...new Set(operands.map(kind => proposals(kind)))].filter(words => words !== '');
  return [...words, ...kinds, ...options.map(optionWords)].map(rest => `${start} ${rest}\n`).join('');
}

function optionWords({ names, argument, text }: CompletionOption): string {
  const flags = names.map(name => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = argument === undefined ? '' : ` ${argumentWords(argument)}`;
  return `${flags.join(' ')}${value} -d ${quote(text)}`;
}

function argumentWords(kind: ArgumentKind): string {
  const words = proposals(kind);
  if (words === '') return '-x';
  return words.includes('-F') ? `-r ${words}` : `-x ${words}`;
}

function proposals(kind: ArgumentKind): string {
  if (typeof kind !== 'string') return `-a ${quote(kind.words.join(' '))}`;
  return PROPOSALS[kind];
}

const PROPOSALS: Readonly<Record<Extract<ArgumentKind, string>, string>> = {
  caches: `-a '(__krb5kit_values caches)'`,
  command: `-a '(__fish_complete_subcommand)'`,
  directories: `-a '(__fish_complete_directories)'`,
  files: '-F',
  'host-services': `-a '(__krb5kit_values host-services)'`,
  nothing: '',
  principals: `-a '(__krb5kit_values principals)'`,
  services: `-a '(__krb5kit_values services)'`,
};

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

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

# Whether "--" has been typed, which a command follows that is to be run.
function __krb5kit_runs
    contains -- -- (commandline -opc)
end

# What completes that command.
function __krb5kit_command
    set -l words (commandline -opc)
    set -l dashes (contains -i -- -- $words)
    set -e words[1..$dashes]
    set -l line (string escape -- $words) (commandline -ct)
    complete -C "$line"
end

complete -c krb5kit ${CLASSIC.map(name => `-c ${name}`).join(' ')} -f
${nodes.map(linesOf).join('')}`;
}

function linesOf(node: CompletionNode): string {
  const { path, options, operands, runs, children } = node;
  const program = CLASSIC.find(name => path.split(' ')[0] === name);
  const here = `__krb5kit_at ${quote(path)}`;
  const lines = (condition: string, rests: readonly string[]): string => {
    const start = `complete -c krb5kit${program === undefined ? '' : ` -c ${program}`} -n ${quote(condition)}`;
    return rests.map(rest => `${start} ${rest}\n`).join('');
  };
  const words = children.map(child => `-a ${callingWord(child)} -d ${quote(child.summary)}`);
  // If other operands come first, fish cannot tell where the command begins, except after --.
  const first = operands.filter((kind, i) => i === 0 || kind !== 'command');
  const proposed = first.map(kind => (kind === 'command' ? commandOf(node) : proposals(kind)));
  const kinds = [...new Set(proposed)].filter(words => words !== '');
  const flags = options.map(optionWords);
  if (!runs) return lines(here, [...words, ...kinds, ...flags]);
  return (
    lines(here, flags) +
    lines(`${here}; and not __krb5kit_runs`, kinds) +
    lines(`${here}; and __krb5kit_runs`, ["-a '(__krb5kit_command)'"])
  );
}

/** The command that this one runs, determined by the words before it: those that call this one, and options. */
function commandOf({ path, options }: CompletionNode): string {
  const withArgument = options.filter(({ argument }) => argument !== undefined);
  const names = withArgument.flatMap(option => option.names).join(' ');
  // Without the dash, fish would take a leading long name for one of its own options.
  return `-a '(__fish_complete_subcommand --fcs-skip=${path.split(' ').length + 1} - ${names})'`;
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
  command: '', // is found by what comes before it: see commandOf
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

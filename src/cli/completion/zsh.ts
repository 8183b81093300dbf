import type { ArgumentKind } from './kinds.ts';
import { CLASSIC, type CompletionNode, type CompletionOption, callingWord } from './tree.ts';

/** For zsh's own completion system: a file for its function path, or to be sourced. */
export function zshScript(nodes: readonly CompletionNode[]): string {
  return `#compdef krb5kit ${CLASSIC.join(' ')}
# Completion of krb5kit's commands for zsh: a file _krb5kit in a directory of $fpath, or source <(krb5kit completion zsh)
# Principals, services and caches are those that "krb5kit completion --values KIND" finds.

__krb5kit_values() {
  local -a found
  found=(\${(f)"$(command krb5kit completion --values $1 </dev/null 2>/dev/null)"})
  compadd -a found
}

__krb5kit_caches() {
  __krb5kit_values caches
  _files
}
${nodes.map(functionOf).join('')}
_krb5kit() {
  case $service in
  (${CLASSIC.join('|')}) __krb5kit_command_$service ;;
  (*) __krb5kit_command_ ;;
  esac
}

if [[ $funcstack[1] == _krb5kit ]]; then _krb5kit "$@"; else compdef _krb5kit krb5kit ${CLASSIC.join(' ')}; fi
`;
}

function functionOf(node: CompletionNode): string {
  const { path, options, operands, repeats, runs, children } = node;
  const specs = [...options.flatMap(optionSpecs), ...operandSpecs(operands, repeats)];
  const beginning = `\n${functionName(path)}() {\n${runs ? AFTER_DASHES : ''}`;
  if (children.length === 0) return `${beginning}  _arguments -s -S ${specs.join(CONTINUED)}\n}\n`;
  const all = [...specs, "'(-)1: :->command'", "'(-)*:: :->arguments'"];
  const list = children.map(child => quote(`${callingWord(child)}:${child.summary.replaceAll(':', '\\:')}`));
  const rows = children.map(child => `    (${callingWord(child)}) ${functionName(child.path)} ;;\n`);
  return `${beginning}  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C -s -S ${all.join(CONTINUED)} && return
  case $state in
  (command)
    local -a known
    known=(${list.join('\n      ')})
    _describe -t commands command known ;;
  (arguments)
    case $words[1] in
${rows.join('')}    esac ;;
  esac
}
`;
}

/** What follows `--` is a command line of its own. */
const AFTER_DASHES = `  local -i dashes=\${words[(i)--]}
  if (( dashes < CURRENT )); then
    words=("\${(@)words[dashes+1,-1]}")
    (( CURRENT -= dashes ))
    _normal
    return
  fi
`;

const CONTINUED = ' \\\n    ';

function functionName(path: string): string {
  return `__krb5kit_command_${path.replaceAll(' ', '_')}`;
}

function optionSpecs({ names, argument, text }: CompletionOption): readonly string[] {
  const explained = `[${text.replace(/[\][:\\]/g, '\\$&')}]`;
  if (argument === undefined) return names.map(name => quote(`(${names.join(' ')})${name}${explained}`));
  const ending = `${explained}${actionOf(argument)}`;
  return names.map(name => quote(`*${name}${name.startsWith('--') ? '=' : '+'}${ending}`));
}

function operandSpecs(operands: readonly ArgumentKind[], repeats: boolean): readonly string[] {
  return operands.map((kind, i) => {
    if (kind === 'command') return "'(-)*:::command:_normal'";
    const position = repeats && i === operands.length - 1 ? '*' : String(i + 1);
    return quote(`${position}${actionOf(kind)}`);
  });
}

/** The description of an argument, and the action that completes it. */
function actionOf(kind: ArgumentKind): string {
  if (typeof kind !== 'string') return `:value:(${kind.words.join(' ')})`;
  return ACTIONS[kind];
}

const ACTIONS: Readonly<Record<Extract<ArgumentKind, string>, string>> = {
  caches: ':cache:__krb5kit_caches',
  command: ':command:_command_names -e',
  directories: ':directory:_files -/',
  files: ':file:_files',
  'host-services': ':service:{__krb5kit_values host-services}',
  nothing: ':argument: ',
  principals: ':principal:{__krb5kit_values principals}',
  services: ':service:{__krb5kit_values services}',
};

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

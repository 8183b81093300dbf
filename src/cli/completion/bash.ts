import type { ArgumentKind } from './kinds.ts';
import { CLASSIC, type CompletionNode, type CompletionOption, callingWord } from './tree.ts';

/** For bash 3.2 and later, with or without the package bash-completion. */
export function bashScript(nodes: readonly CompletionNode[]): string {
  return `${HEAD}
__krb5kit_table() {
  children=() options=() operands=() repeats= passes= runs=
  case $1 in
${nodes.map(rowOf).join('')}  esac
}
${BODY}
complete -F __krb5kit krb5kit ${CLASSIC.join(' ')}
`;
}

function rowOf(node: CompletionNode): string {
  const { path, options, operands, repeats, passThrough, runs, children } = node;
  const lists = [
    ['children', children.map(child => `${callingWord(child)}|${child.summary}`)],
    ['options', options.map(optionText)],
    ['operands', operands.map(kindText)],
  ] as const;
  const set = lists
    .filter(([, items]) => items.length > 0)
    .map(([name, items]) => `    ${name}=(${items.map(quote).join(' ')})\n`);
  const flags = [repeats && 'repeats=1', passThrough && 'passes=1', runs && 'runs=1']
    .filter(Boolean)
    .join(' ');
  return `  ${quote(path)})\n${set.join('')}${flags && `    ${flags}\n`}    ;;\n`;
}

function optionText({ names, argument, text }: CompletionOption): string {
  return `${names.join(' ')}|${argument === undefined ? '' : kindText(argument)}|${text}`;
}

function kindText(kind: ArgumentKind): string {
  return typeof kind === 'string' ? kind : `: ${kind.words.join(' ')}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const HEAD = `# Completion of krb5kit's commands for bash, by: source <(krb5kit completion bash)
# Principals, services and caches are those that "krb5kit completion --values KIND" finds.

# The commands by the words that call them: children are WORD|TEXT, options NAMES|KIND|TEXT, operands KIND.`;

const BODY = `
# Sets kind to what the argument of an option is, if the word ends in an option whose argument is the next word.
__krb5kit_argument() {
  local names text option letters=\${1#-} name
  kind=
  while [[ -n $letters ]]; do
    if [[ $1 == --* ]]; then name=$1 letters=; else name=-\${letters:0:1} letters=\${letters:1}; fi
    for option in "\${options[@]}"; do
      IFS='|' read -r names kind text <<<"$option"
      [[ " $names " == *" $name "* && -n $kind ]] && { [[ -z $letters ]]; return; }
    done
  done
  kind=
  return 1
}

__krb5kit_add() {
  [[ $1 == "$cur"* ]] && found+=("$1") texts+=("$2")
}

__krb5kit_propose() {
  local word
  case $1 in
  files | directories) compopt -o default 2>/dev/null ;;
  command)
    if ((at > \${first:-\${#operands[@]} - 1})); then compopt -o default 2>/dev/null
    else while IFS= read -r word; do __krb5kit_add "$word"; done < <(compgen -c -- "$cur"); fi ;;
  ': '*) for word in \${1#: }; do __krb5kit_add "$word"; done ;;
  nothing | '') ;;
  *)
    while IFS= read -r word; do __krb5kit_add "$word"; done < <(command krb5kit completion --values "$1" </dev/null 2>/dev/null)
    [[ $1 == caches ]] && compopt -o default 2>/dev/null ;;
  esac
}

# Has word stand for itself behind the quote that is open.
__krb5kit_quote() {
  local rest=$word
  word=
  while [[ -n $rest ]]; do
    case $quoted\${rest:0:1} in
    "''") word+="'\\\\''" ;;
    '"!') word+='"'"'!'"'"' ;;
    '"$' | '"\`' | '"\\' | '""') word+=\\\\\${rest:0:1} ;;
    *) word+=\${rest:0:1} ;;
    esac
    rest=\${rest:1}
  done
}

__krb5kit() {
  local line=\${COMP_LINE:0:COMP_POINT} cur key= word kind= option names text quoted= ended= at=0 first= i cut= width=0
  local repeats passes runs
  local -a words children options operands found texts
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  COMPREPLY=()
  key=\${words[0]##*/}
  [[ $key == krb5kit ]] && key=
  __krb5kit_table "$key"
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    word=\${words[i]}
    if [[ -n $kind ]]; then kind=
    elif [[ -z $ended && $word == -- ]]; then
      ended=1
      [[ -n $runs ]] && first=$at
    elif [[ -z $ended && $word == -?* ]]; then __krb5kit_argument "$word"
    elif ((\${#children[@]} > 0 && at == 0)); then key="\${key:+$key }$word" ended= && __krb5kit_table "$key"
    else
      ((at += 1))
      [[ -n $passes ]] && ended=1
    fi
  done

  # A command that is to be run comes after --, or is the last of the operands.
  cur=\${words[\${#words[@]} - 1]}
  [[ $cur == [\\"\\']* ]] && quoted=\${cur:0:1} cur=\${cur:1}
  cur=\${cur//\\\\/}
  if [[ -n $kind ]]; then __krb5kit_propose "$kind"
  elif [[ -z $ended && $cur == --*=* ]] && __krb5kit_argument "\${cur%%=*}"; then
    word=\${cur%%=*}=
    cur=\${cur#*=}
    __krb5kit_propose "$kind"
    cur=$word$cur
    for i in "\${!found[@]}"; do found[i]=$word\${found[i]}; done
  elif [[ -z $ended && $cur == -* ]]; then
    for option in "\${options[@]}"; do
      IFS='|' read -r names kind text <<<"$option"
      for word in $names; do __krb5kit_add "$word" "$text"; done
    done
  elif ((\${#children[@]} > 0)); then
    for option in "\${children[@]}"; do __krb5kit_add "\${option%%|*}" "\${option#*|}"; done
  elif [[ -n $first ]]; then __krb5kit_propose command
  elif ((at < \${#operands[@]})); then __krb5kit_propose "\${operands[at]}"
  elif [[ -n $repeats ]] && ((\${#operands[@]} > 0)); then
    __krb5kit_propose "\${operands[\${#operands[@]} - 1]}"
  fi

  # Readline replaces what follows the last of the characters that part words for it, and @ with it.
  if [[ -z $quoted ]]; then
    for word in : = @; do
      [[ $COMP_WORDBREAKS == *"$word"* && $cur == *"$word"* ]] || continue
      text=\${cur%"\${cur##*"$word"}"}
      [[ $word == @ ]] && text=\${text%@}
      ((\${#text} > \${#cut})) && cut=$text
    done
  fi
  # Only names of our own have texts: readline inserts what the beginnings of such lines have in common as it is.
  if ((\${#found[@]} > 1)) && [[ \${texts[*]} == *[![:space:]]* && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
    for word in "\${found[@]}"; do ((\${#word} > width)) && width=\${#word}; done
    for i in "\${!found[@]}"; do
      printf -v word '%-*s  (%s)' "$width" "\${found[i]}" "\${texts[i]}"
      COMPREPLY+=("\${word:0:\${COLUMNS:-80} - 1}")
    done
    return
  fi
  for word in "\${found[@]}"; do
    [[ $word == *= ]] && compopt -o nospace 2>/dev/null
    word=\${word#"$cut"}
    if [[ -n $quoted ]]; then __krb5kit_quote; else printf -v word %q "$word"; fi
    COMPREPLY+=("$word")
  done
}
`;

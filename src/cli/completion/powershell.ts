import type { ArgumentKind } from './kinds.ts';
import { CLASSIC, type CompletionNode, type CompletionOption, callingWord } from './tree.ts';

/** For PowerShell, both that of Windows and the portable one. */
export function powershellScript(nodes: readonly CompletionNode[]): string {
  return `# Completion of krb5kit's commands for PowerShell, by: krb5kit completion powershell | Out-String | Invoke-Expression
# Principals, services and caches are those that "krb5kit completion --values KIND" finds.

# The commands by the words that call them: children are (word, text), options (names, kind, text), operands kinds; runs
# tells that a command may follow --.
$global:krb5kitCommands = @{
${nodes.map(rowOf).join('')}}
${BODY}
Register-ArgumentCompleter -Native -CommandName ${['krb5kit', ...CLASSIC].map(quote).join(', ')} -ScriptBlock $krb5kitCompleter
`;
}

function rowOf({ path, options, operands, runs, children }: CompletionNode): string {
  const words = children.map(child => `@(${quote(callingWord(child))}, ${quote(child.summary)})`);
  return `  ${quote(path)} = @{
    children = ${list(words)}
    options = ${list(options.map(optionText))}
    operands = ${list(operands.map(kind => quote(kindText(kind))))}
    runs = ${runs ? '$true' : '$false'}
  }
`;
}

// The comma makes a list even of a single list.
function list(items: readonly string[]): string {
  return items.length === 0 ? '@()' : `@(${items.map(item => `,${item}`).join('; ')})`;
}

function optionText({ names, argument, text }: CompletionOption): string {
  const kind = argument === undefined ? '' : kindText(argument);
  return `@(${quote(names.join(' '))}, ${quote(kind)}, ${quote(text)})`;
}

function kindText(kind: ArgumentKind): string {
  return typeof kind === 'string' ? kind : `: ${kind.words.join(' ')}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const BODY = `
$krb5kitCompleter = {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
  $path = [IO.Path]::GetFileNameWithoutExtension("$($commandAst.CommandElements[0])")
  if ($path -eq 'krb5kit') { $path = '' }
  $kind = ''
  foreach ($word in ($words | Select-Object -Skip 1)) {
    $longer = "$path $word".Trim()
    if ($kind -ne '') { $kind = '' }
    elseif ($krb5kitCommands.ContainsKey($longer)) { $path = $longer }
    elseif ($word.StartsWith('-')) {
      foreach ($option in $krb5kitCommands[$path].options) {
        if (($option[0] -split ' ') -ccontains $word) { $kind = $option[1] }
      }
    }
  }
  $command = $krb5kitCommands[$path]
  # What follows -- is a command and its files, which PowerShell knows.
  if ($command.runs -and $words -contains '--') { return }
  $proposals = @()
  if ($kind -eq '' -and $wordToComplete.StartsWith('-')) {
    foreach ($option in $command.options) {
      foreach ($name in ($option[0] -split ' ')) { $proposals += ,@($name, $option[2]) }
    }
  } elseif ($kind -eq '' -and $command.children.Count -gt 0) {
    $proposals = $command.children
  } else {
    $kinds = if ($kind -ne '') { @($kind) } else { $command.operands }
    foreach ($one in $kinds) {
      $values = if ($one.StartsWith(': ')) { $one.Substring(2) -split ' ' }
        elseif (@('principals', 'services', 'host-services', 'caches') -contains $one) { krb5kit completion --values $one 2>$null }
        else { @() }
      foreach ($value in $values) { $proposals += ,@($value, $value) }
    }
  }
  foreach ($proposal in $proposals) {
    $value = $proposal[0]
    if (-not $value.StartsWith($wordToComplete, [StringComparison]::Ordinal)) { continue }
    $typed = if ($value -match '^[-\\w./:=]+$') { $value } else { "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'" }
    [System.Management.Automation.CompletionResult]::new($typed, $value, 'ParameterValue', $proposal[1])
  }
}
`;

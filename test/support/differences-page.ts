import { type Difference, differences } from './differences.ts';

const PREFACE = `# Where krb5kit differs from MIT Kerberos

Under their classic names, \`kinit\`, \`klist\`, \`kdestroy\`, \`kvno\`, \`kswitch\`, \`kpasswd\` and \`ktutil\` do what MIT's programs
of the same names do: options, prompts, output, exit statuses, and the caches and keytabs that come of them. That is
tested: both run on the same inputs, some thousands of command lines, and all of it is compared.

These are the differences, every one of them meant. The test goes by the same table, and fails for a difference that
is not in it as well as for a row that is no difference any more. In the examples, \`$D\` is a directory with caches and
keytabs of many kinds, and what comes after \`<\` are the lines that are read.

| Difference | Commands | MIT's | Ours | Why | Example |
|---|---|---|---|---|---|
`;

/** The page of the documentation that the table makes. */
export function differencesPage(): string {
  return PREFACE + differences.map(rowOf).join('');
}

function rowOf({ name, commands, mit, ours, why, example, typed }: Difference): string {
  const shown = `\`${example.replaceAll('␠', ' ').replaceAll('\r', '\\r').replaceAll('\u001b', '\\e')}\`${typed === undefined ? '' : ' on a terminal'}`;
  const cells = [name, commands.join(', '), mit, ours, why, shown];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

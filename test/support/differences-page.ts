import { type Difference, differences } from './differences.ts';

const PREFACE = `# Where krb5kit differs from MIT Kerberos

Under their classic names, \`kinit\`, \`klist\`, \`kdestroy\`, \`kvno\`, \`kswitch\`, \`kpasswd\` and \`ktutil\` do what MIT's programs
of the same names do, with the same options, prompts, output and exit statuses and the same resulting caches and keytabs. A test
runs both on the same inputs, some thousands of command lines, and compares everything.

These are all the differences, and each of them is intended. The test uses the same table: it fails for a difference that
is not listed, and for a row that is no longer a difference. In the examples, \`$D\` is a directory with caches and
keytabs of many kinds, and the lines after \`<\` are typed or piped in.

| Difference | Commands | MIT's | Ours | Why | Example |
|---|---|---|---|---|---|
`;

/** The documentation page generated from the table. */
export function differencesPage(): string {
  return PREFACE + differences.map(rowOf).join('');
}

function rowOf({ name, commands, mit, ours, why, example, typed }: Difference): string {
  const shown = `\`${example.replaceAll('␠', ' ').replaceAll('\r', '\\r').replaceAll('\u001b', '\\e')}\`${typed === undefined ? '' : ' on a terminal'}`;
  const cells = [name, commands.join(', '), mit, ours, why, shown];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

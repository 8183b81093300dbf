import type { Io } from '../terminal.ts';

/** The texts that GitLab can mask: one line of at least eight of these characters. */
const MASKABLE = /^[A-Za-z0-9+/=@:.~_-]{8,}$/;

/**
 * Makes the CI service hide texts in its log from now on. GitHub takes a command from the output of a step; GitLab
 * hides variables, if their values allow it, and nothing else.
 */
export function maskSecrets(
  texts: readonly string[],
  { program, variable }: { readonly program: string; readonly variable: string | undefined },
  io: Io,
): void {
  const { GITHUB_ACTIONS, GITLAB_CI } = io.env;
  if (GITHUB_ACTIONS === 'true') {
    for (const text of texts.filter(Boolean)) io.out(`::add-mask::${escaped(text)}\n`);
  } else if (GITLAB_CI === 'true' && variable !== undefined && !MASKABLE.test(io.env[variable] ?? '')) {
    io.err(
      `${program}: warning: GitLab cannot mask ${variable}: ` +
        'it must be one line of at least 8 letters, digits, or +/=@:.~_- (base64 -w0)\n',
    );
  }
}

/** Quoted for a GitHub command. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

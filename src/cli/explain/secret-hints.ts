import type { KerberosError } from '../../errors.ts';
import { isPasswordServer } from './client-hints.ts';
import type { Story } from './story.ts';

/** What to try if a secret from a file, a variable or a descriptor cannot be used; else undefined. */
export function secretHint({ message }: KerberosError): string | undefined {
  const [, kind] = /^Cannot read (password|keytab|cache): /.exec(message) ?? [];
  if (kind !== undefined) return `check the file, variable or descriptor that the ${kind} is to come from`;
  if (message === 'The passphrases differ') return 'type the same passphrase twice';
  return / contains neither a (?:keytab|cache) nor one in base64$/.test(message)
    ? 'store the whole file there, in base64: base64 -w0 FILE prints it on one line'
    : undefined;
}

/** What to try if no password could be read. */
export function unreadPassword(story: Story): string {
  const servers = story.all('request').map(({ server }) => server);
  // kinit asks for a new password once the KDC has refused the old one.
  if (isPasswordServer(story.request?.server ?? '') && servers.some(server => server.startsWith('krbtgt/'))) {
    return 'the password has expired: choose a new one at a terminal, or pass it twice after the old one on the standard input';
  }
  return 'type the password at a terminal, or pass it on the standard input; kinit -k -t uses a keytab instead';
}

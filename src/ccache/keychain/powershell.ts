import { existsSync } from 'node:fs';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import type { Keychain } from '../ccache.ts';
import { KEYCHAIN_SERVICE, type KeychainBackend, type KeychainSession } from './backend.ts';
import { keychainUnavailable } from './errors.ts';
import { powershellScript, type ScriptCall } from './powershell-script.ts';
import { runKeychainProgram } from './program.ts';

const ARGUMENTS = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', '-'];

/** The Credential Manager of Windows by the PowerShell that comes with it; its items are keytar's. */
export const powershellBackend: KeychainBackend = {
  name: 'powershell',
  systems: 'Windows',
  serves: platform => platform === 'win32',
  async open(session) {
    const { SystemRoot = 'C:\\Windows' } = session.environment;
    const usual = `${SystemRoot}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`;
    const path = session.programs.powershell ?? usual;
    if (!existsSync(path)) throw keychainUnavailable(`${path} is missing`);
    return calls(path, session);
  },
};

function calls(path: string, session: KeychainSession): Keychain {
  return {
    async read(account) {
      const [word, value = ''] = await run({ method: 'Read', target: target(account) });
      return word === 'value' ? bytesToText(Buffer.from(value, 'base64')) : undefined;
    },
    async write(account, secret) {
      const call = { target: target(account), user: account, secret: textToBytes(secret) };
      const [word] = await run({ method: 'Write', ...call });
      if (word !== 'done') throw keychainUnavailable('PowerShell did not store the key');
    },
    async remove(account) {
      const [word] = await run({ method: 'Remove', target: target(account) });
      return word === 'done';
    },
  };

  /** `value` with the item as base64, `done`, or `none` where there is no such item. */
  async function run(call: ScriptCall): Promise<readonly string[]> {
    // That of another edition, which may have started us, leads to modules that this one cannot load.
    const { PSModulePath: _, ...environment } = session.environment;
    // The Credential Manager asks nobody, but to start and to compile can take longer than it has for an answer.
    const options = { environment, input: powershellScript(call), seconds: session.dialogSeconds };
    const { stdout } = await runKeychainProgram(path, ARGUMENTS, options);
    const words = /^krb5kit: (.*?)\r?$/m.exec(stdout)?.[1]?.split(' ');
    if (words === undefined) throw keychainUnavailable('PowerShell does not run the script');
    if (words[0] !== 'failed') return words;
    throw keychainUnavailable(failure(words[1]));
  }
}

/** Goes by an error number of Windows, or a language mode. */
function failure(word = ''): string {
  if (/^\d+$/.test(word)) return `the Credential Manager answers error ${word}`;
  const mode = /^(?!Full)\w+Language$/.test(word) ? `, as it is restricted here (${word})` : '';
  return `PowerShell cannot call the Credential Manager${mode}`;
}

/** As keytar names them. */
function target(account: string): string {
  return `${KEYCHAIN_SERVICE}/${account}`;
}

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './both-programs.ts';
import { findProgram } from './peers.ts';

/**
 * The text that headless Chromium shows for a URL on localhost, to which it may authenticate by Negotiate with the
 * tickets of the environment; any certificate is accepted.
 */
export async function browse(url: string, env: Environment): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'chromium-'));
  const profile = join(home, 'profile');
  mkdirSync(profile);
  // GSS-API is loaded only at the start that follows the first Negotiate.
  const state = { net: { received_http_auth_negotiate_headers: true } };
  writeFileSync(join(profile, 'Local State'), JSON.stringify(state));
  const args = [
    ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
    ...['--ignore-certificate-errors', `--user-data-dir=${profile}`, '--auth-server-allowlist=localhost'],
    ...['--dump-dom', url],
  ];
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(findProgram('chromium')!, args, {
        env: { ...env, HOME: home },
        timeout: 50_000,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let dom = '';
      child.stdout.setEncoding('utf8').on('data', text => {
        dom += text;
      });
      child.once('error', reject);
      child.once('close', () => resolve(dom));
    });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { agent } from '../../src/cli/agent.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import type { Environment, Said } from './both-programs.ts';
import { captureIo } from './io.ts';
import { findProgram } from './peers.ts';

const modules = join(import.meta.dirname, '../../node_modules');

/** An agent in the background, started by `krb5kit agent --start`. */
export interface TestAgent {
  /** The command line of `krb5kit`, up to the options of the agent. */
  readonly program: readonly string[];
  /** The environment that a shell would have after evaluating the command's output. */
  readonly env: Environment;
  /** Runs `krb5kit agent` with options. */
  control(...options: readonly string[]): Promise<Said>;
  stop(): Promise<void>;
}

export async function startTestAgent(
  options: readonly string[],
  environment: Environment,
): Promise<TestAgent> {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-agent-'));
  const script = join(directory, 'agent.cjs');
  buildSync({
    stdin: {
      contents: `import { agent } from './agent.ts'; import { main } from './main.ts';
        main(agent, process.argv.slice(3));`,
      resolveDir: join(import.meta.dirname, '../../src/cli'),
      loader: 'ts',
    },
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    external: ['keytar', 'node-forge', 'node-forge/*'],
  });
  const env = { KRB5KIT_HOME: directory, NODE_PATH: modules, ...environment };
  const control = async (...argv: readonly string[]): Promise<Said> => {
    const io = captureIo({
      env,
      uid: process.getuid?.(),
      cwd: directory,
      program: [process.execPath, script],
    });
    const status = await runCommand(agent, argv, io);
    return { status, stdout: io.stdout, stderr: io.stderr };
  };
  const { stdout, stderr } = await control('--start', ...options);
  if (stderr !== '') throw new Error(stderr);
  const exported = [...stdout.matchAll(/^export (\w+)='?(.*?)'?$/gm)].map(([, name, value]) => [name, value]);
  return {
    program: [process.execPath, script],
    env: { ...env, ...Object.fromEntries(exported) },
    control,
    async stop() {
      await control('--stop');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Runs one of Heimdal's programs with the agent's socket directory mounted at /run, the only place where it looks. */
export function heimdal(name: string, args: readonly string[], env: Environment, input = ''): Said {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const script = 'mount --bind "$HEIM_IPC_DIR" /run && exec "$@"';
  const inside = ['/bin/sh', '-c', script, 'sh', `/opt/heimdal/bin/${name}`, ...args];
  const options = { env, input, encoding: 'utf8', timeout: 20_000 } as const;
  const unshare = [...user, '--mount', '--propagation', 'private', ...inside];
  const said: SpawnSyncReturns<string> = spawnSync(findProgram('unshare')!, unshare, options);
  return { status: said.status, stdout: said.stdout, stderr: said.stderr };
}

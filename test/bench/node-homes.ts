import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedNodes } from '../../scripts/bench-nodes.mjs';

/** The commands as a version of Node has them when it has built them itself: bytecode serves no other. */
export interface NodeHome {
  /** The version, without a `v`. */
  readonly version: string;
  readonly node: string;
  /** Where `bin` is, and `dist/bin`. */
  readonly root: string;
}

const project = fileURLToPath(new URL('../..', import.meta.url));

/** A home within `folder` for the Node that runs us, and for each other one that is installed. */
export async function makeNodeHomes(folder: string): Promise<NodeHome[]> {
  const others = installedNodes();
  if (others.length === 0) console.warn('no other Node is installed; to install some: npm run peers:install');
  const homes = [makeHome(process.version.slice(1), process.execPath, folder)];
  for (const node of others) {
    const version = await output(node, ['-p', 'process.versions.node']);
    if (homes.every(home => home.version !== version)) homes.push(makeHome(version, node, folder));
  }
  for (const home of homes) await fillHome(home);
  return homes;
}

/** A program of `bin`; `load.cjs BUNDLE` does what they do up to the start of the command. */
export function programOf({ root }: NodeHome, name: string): string {
  return join(root, 'bin', name);
}

function makeHome(version: string, node: string, folder: string): NodeHome {
  const root = join(folder, `node-${version}`);
  mkdirSync(join(root, 'dist/bin'), { recursive: true });
  cpSync(join(project, 'bin'), join(root, 'bin'), { recursive: true });
  cpSync(join(project, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  const launcher = readFileSync(join(project, 'scripts/launcher.cjs'), 'utf8');
  writeFileSync(join(root, 'bin/load.cjs'), `${launcher}\nload(process.argv[2]);\n`);
  return { version, node, root };
}

async function fillHome({ node, root }: NodeHome): Promise<void> {
  const bundles = join(root, 'dist/bin');
  if (node === process.execPath) {
    cpSync(join(project, 'dist/bin'), bundles, { recursive: true });
    return;
  }
  const [script, ...words] = [join(project, 'scripts/bundle.mjs'), project, bundles];
  const program = `
    const [script, root, outDir] = process.argv.slice(1);
    import(script).then(({ bundleCommands }) => bundleCommands(root, outDir));`;
  await output(node, ['-e', program, script, ...words]);
}

/** What a program writes, without the last line feed. Throws where it fails. */
function output(program: string, args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [text, complaints] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', chunk => {
      text += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', chunk => {
      complaints += chunk;
    });
    child.once('error', reject);
    child.once('close', status => {
      if (status === 0) resolve(text.trimEnd());
      else reject(new Error(`${program} ended with ${status}: ${complaints}`));
    });
  });
}

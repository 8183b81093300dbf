// Decides whether node_modules/ and dist/ still match the sources. Runs before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const inputs = ['src', 'scripts', 'bin'];
const configs = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** A digest of everything that dist/ is made from, including the version of Node. */
export function sourceStamp(root) {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`);
  for (const file of [...inputs, ...configs].flatMap(path => filesUnder(root, path))) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Whether dist/ was built from the current sources. */
export function distIsFresh(root) {
  const file = join(root, 'dist', '.stamp');
  return existsSync(file) && readFileSync(file, 'utf8') === sourceStamp(root);
}

/** Whether every package in package-lock.json is installed in its locked version. */
export function modulesAreFresh(root) {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(([path, { version, optional }]) => {
    if (path === '') return true;
    return path in installed ? installed[path].version === version : optional === true;
  });
}

function filesUnder(root, path) {
  const names = readdirSync(join(root, path, '..'), { withFileTypes: true });
  const entry = names.find(({ name }) => name === path.split('/').at(-1));
  if (!entry?.isDirectory()) return entry ? [path] : [];
  const children = readdirSync(join(root, path)).sort();
  return children.flatMap(name => filesUnder(root, `${path}/${name}`));
}

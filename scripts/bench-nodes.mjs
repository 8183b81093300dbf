// Other versions of Node, which `npm run peers:install` has npm install: each is a package of its own.
import { existsSync } from 'node:fs';

const packageName = `node-${process.platform}-${process.arch}`;

/** Where each is to be. */
export const otherNodes = [22, 24].map(major => {
  const prefix = `/opt/node-${major}`;
  return {
    package: `${packageName}@${major}`,
    prefix,
    program: `${prefix}/node_modules/${packageName}/bin/node`,
  };
});

/** The programs of those that are installed. */
export function installedNodes() {
  return otherNodes.map(({ program }) => program).filter(program => existsSync(program));
}

// Other versions of Node, which `npm run peers:install` installs as npm packages.
import { existsSync } from 'node:fs';

const packageName = `node-${process.platform}-${process.arch}`;

/** The path of each. */
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

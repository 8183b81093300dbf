import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// The forks inherit this environment: the same time zone and language everywhere, no Kerberos of the user's own.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('KRB5') || name === 'NODE_EXTRA_CA_CERTS') delete process.env[name];
}
Object.assign(process.env, { TZ: 'UTC', LC_ALL: 'C' });

if (!existsSync('../shared/vectors')) {
  console.warn('skipped, known answers beyond those of the RFCs: they are in ../shared/vectors, which is not here');
}

// sshd puts delegated tickets where every logout of this user, and so that of another suite, finds and destroys them.
const ALONE = ['test/interop/kits.interop.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    hookTimeout: 60_000,
    // More than anything takes on a busy machine, and less than a test may take.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'own', include: ['test/**/*.test.ts'], exclude: ['test/interop/**'], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          exclude: ALONE,
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, testTimeout: 60_000, sequence: { groupOrder: 1 } },
      },
    ],
  },
});

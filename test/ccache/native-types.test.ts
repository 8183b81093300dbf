import { expect, it } from 'vitest';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { environment } from './samples.ts';

it.each([
  ['API:x', /macOS.*its own tools/],
  ['MSLSA:', /Windows.*its own klist\.exe/],
])('%s is left to the tools of its system', async (name, message) => {
  await expect(resolveCcache(name, environment('/nonexistent'))).rejects.toMatchObject({
    code: 'CACHE_TYPE_UNKNOWN',
    message: expect.stringMatching(message),
    cache: name,
  });
});

import { expect, it } from 'vitest';
import { differencesPage } from './support/differences-page.ts';

it('docs/differences.md is the table that the comparison with MIT goes by', async () => {
  await expect(differencesPage()).toMatchFileSnapshot('../docs/differences.md');
});

import { expect, it, onTestFinished } from 'vitest';
import { askSecretService, type SecretServiceQuestion } from '../../src/ccache/keychain/secret-service.ts';
import { describePeer } from '../support/peers.ts';
import { startSecretService } from '../support/secret-service.ts';

describePeer('secret-service', () => {
  it('gnome-keyring survives many clients that come and go', async () => {
    const session = await startSecretService();
    onTestFinished(() => session.stop());
    async function ask(account: string, wanted: SecretServiceQuestion['wanted']): Promise<void> {
      const attributes = new Map([['account', account]]);
      const question = { attributes, wanted, answerSeconds: 10, dialogSeconds: 10 };
      const { state } = await askSecretService(session.environment, question);
      // It denies for a moment that it has a collection, while an item is deleted.
      expect(['done', 'unlocked']).toContain(state);
    }
    const clients = Array.from({ length: 8 }, async (_, i) => {
      for (let round = 0; round < 100; round++) {
        await ask(`account ${i}`, { label: 'a test', secret: 'secret' });
        for (const wanted of ['secret', 'item', 'deletion', 'secret'] as const)
          await ask(`account ${i}`, wanted);
      }
    });
    await Promise.all(clients);
    expect(session.daemon().signalCode).toBeNull();
  }, 240_000);
});

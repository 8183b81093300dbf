import { describe, expect, it } from 'vitest';
import { PA_ENC_TIMESTAMP } from '../../src/messages/numbers.ts';
import { toPrincipalName } from '../../src/messages/principal.ts';
import type { PaData } from '../../src/messages/types.ts';
import { alice, asReply, padataOf, preauthRequired, refusal, scripted } from '../support/scripted-kdc.ts';
import { login, passwordOf } from './as-support.ts';

const offer: PaData = { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) };
const forbidsTimestamp = (realm: string): boolean => realm === alice.realm;
const sent = (request: Uint8Array) => padataOf(request).map(({ padataType }) => padataType);

describe('an encrypted timestamp that is forbidden', () => {
  it('is not sent, nor the password asked for, whatever the KDC offers', async () => {
    const kdc = scripted(preauthRequired([offer]), asReply());
    const secret = passwordOf();
    await expect(login(kdc, { forbidsTimestamp }, { secret })).rejects.toMatchObject({
      code: 'PREAUTH_FAILED',
    });
    expect(kdc.requests).toHaveLength(1);
    expect(secret.asked).toBe(0);
  });

  it('is not sent by who is referred to another realm', async () => {
    const referral = refusal(68, { crealm: 'B.TEST', cname: toPrincipalName(alice) });
    const kdc = scripted(referral, preauthRequired([offer]), asReply());
    await expect(login(kdc, { forbidsTimestamp, canonicalize: true })).rejects.toMatchObject({
      code: 'PREAUTH_FAILED',
    });
    expect(kdc.requests.flatMap(sent)).not.toContain(PA_ENC_TIMESTAMP);
  });

  it('is sent in other realms', async () => {
    const forbidden = (realm: string): boolean => realm === 'OTHER.TEST';
    const { padataType } = await login([preauthRequired([offer]), asReply()], {
      forbidsTimestamp: forbidden,
    });
    expect(padataType).toBe(PA_ENC_TIMESTAMP);
  });
});

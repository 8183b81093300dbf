import {
  PA_ENC_TIMESTAMP,
  PA_ENCRYPTED_CHALLENGE,
  PA_OTP_CHALLENGE,
  PA_PK_AS_REP,
  PA_PK_AS_REQ,
  PA_SPAKE,
} from '../messages/numbers.ts';
import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { MechanismRow } from './mechanism.ts';

/** Every mechanism, best first. */
const mechanisms: readonly MechanismRow[] = [
  {
    name: 'PKINIT',
    padataType: PA_PK_AS_REQ,
    replyType: PA_PK_AS_REP,
    usable: ({ pkinit }) => pkinit !== undefined,
    load: () => import('./pkinit.ts').then(({ pkinit }) => pkinit),
  },
  {
    name: 'one-time password',
    padataType: PA_OTP_CHALLENGE,
    armored: true,
    usable: ({ ask }) => ask !== undefined,
    load: () => import('./otp.ts').then(({ otp }) => otp),
  },
  {
    name: 'SPAKE',
    padataType: PA_SPAKE,
    load: () => import('./spake.ts').then(({ spake }) => spake),
  },
  {
    name: 'encrypted challenge',
    padataType: PA_ENCRYPTED_CHALLENGE,
    armored: true,
    load: () => import('./encrypted-challenge.ts').then(({ encryptedChallenge }) => encryptedChallenge),
  },
  {
    name: 'encrypted timestamp',
    padataType: PA_ENC_TIMESTAMP,
    usable: ({ timestampIsForbidden = false }) => !timestampIsForbidden,
    load: () => encryptedTimestamp,
  },
];

/** Every mechanism in the order in which to try them: those of the `preferred` types first, then by strength. */
export function mechanismsInOrder(preferred: readonly number[] = []): readonly MechanismRow[] {
  const rank = ({ padataType }: MechanismRow): number => {
    const at = preferred.indexOf(padataType);
    return at < 0 ? preferred.length : at;
  };
  return mechanisms.toSorted((a, b) => rank(a) - rank(b));
}

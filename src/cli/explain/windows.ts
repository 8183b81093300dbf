import { windowsStatuses } from '../windows-status.ts';
import type { OtherError } from './other-error.ts';

const SSPI = "Windows's SSPI, as GSS-API is called there";
const STATUS = 'Windows, or a domain controller in the e-data of an error: a status of NT';

/** Additional words, by the number of the status. */
const STATUS_WORDS: Readonly<
  Record<number, { readonly pattern?: RegExp; readonly causes: readonly string[]; readonly hint: string }>
> = {
  3221225566: {
    pattern: /no logon servers available/i,
    causes: ['DNS does not know the domain, or a firewall or the lack of a VPN cuts off its controllers'],
    hint: 'krb5kit doctor shows what DNS says, and which KDCs answer',
  },
  3221225581: {
    pattern: /user ?name or password is incorrect/i,
    causes: ['the password is wrong', 'the name belongs to another domain', 'NTLM was tried, and refused'],
    hint: 'see that the client uses Kerberos at all: klist on Windows, krb5kit inspect on the token',
  },
  3221225779: {
    pattern: /time (?:and\/or date )?between .*differ|difference between the (?:client|primary domain)/i,
    causes: ['a clock is off by more than five minutes'],
    hint: 'set the clock right: w32tm /resync on Windows, NTP elsewhere',
  },
  3221225869: {
    pattern: /trust relationship between this workstation and the primary domain failed/i,
    causes: [
      "the machine was restored from a backup, or its account was reset: it has another password than the domain's",
    ],
    hint: 'Test-ComputerSecureChannel -Repair on the machine, or join the domain again',
  },
  3221226036: {
    pattern: /account (?:is|has been) (?:currently )?locked out/i,
    causes: ['a device or a service goes on trying an old password'],
    hint: 'event 4740 of the domain controller says from where; wait, or have the account unlocked',
  },
};

/** Common errors of SSPI: number, name, message, usual causes, what to try. */
const SEC_E: readonly (readonly [number, string, string, RegExp, readonly string[], string])[] = [
  [
    2148074243,
    'SEC_E_TARGET_UNKNOWN',
    'The specified target is unknown or unreachable',
    /specified target is unknown or unreachable/i,
    [
      'no account has the SPN of the service, or two have it',
      'the name of the host is an alias or an address',
    ],
    'setspn -Q service/host shows who has the SPN; use the full name of the host',
  ],
  [
    2148074248,
    'SEC_E_INVALID_TOKEN',
    'The token supplied to the function is invalid',
    /token supplied to the function is invalid/i,
    ['a proxy or server cut the token off, or it is of another mechanism'],
    'krb5kit inspect shows what the token is',
  ],
  [
    2148074252,
    'SEC_E_LOGON_DENIED',
    'The logon attempt failed',
    /logon attempt failed/i,
    ['the password is wrong', 'the service runs under another account than the one that has its SPN'],
    'see the security log of the server: events 4625 and 4771',
  ],
  [
    2148074254,
    'SEC_E_NO_CREDENTIALS',
    'No credentials are available in the security package',
    /no credentials are available in the security package/i,
    ['nobody is logged in, or the process runs as a local account'],
    'klist on Windows shows the tickets of this session',
  ],
  [
    2148074257,
    'SEC_E_NO_AUTHENTICATING_AUTHORITY',
    'No authority could be contacted for authentication',
    /no authority could be contacted for authentication/i,
    ['no domain controller answers, or DNS does not know the domain'],
    'krb5kit doctor shows what DNS says, and which KDCs answer',
  ],
  [
    2148074274,
    'SEC_E_WRONG_PRINCIPAL',
    'The target principal name is incorrect',
    /target principal name is incorrect/i,
    [
      'the SPN belongs to another account than the service runs under: that is KRB_AP_ERR_MODIFIED',
      'the password of the machine or service account was changed, and not everybody knows yet',
    ],
    'setspn -Q service/host shows who has the SPN; have it moved to the account of the service',
  ],
  [
    2148074276,
    'SEC_E_TIME_SKEW',
    'The clocks on the client and server machines are skewed',
    /clocks on the client and server machines are skewed/i,
    ['a clock is off by more than five minutes'],
    'set the clock right: w32tm /resync on Windows, NTP elsewhere',
  ],
  [
    2148074306,
    'SEC_E_KDC_UNKNOWN_ETYPE',
    'The encryption type requested is not supported by the KDC',
    /encryption type requested is not supported by the KDC/i,
    ['RC4 is switched off, and the account has no AES keys or is not marked for them'],
    'set the password of the account anew, and msDS-SupportedEncryptionTypes to AES',
  ],
];

/** Statuses of NT and errors of SSPI. */
export const WINDOWS_ERRORS: readonly OtherError[] = [
  ...SEC_E.map(([number, name, sentence, pattern, causes, hint]) => ({
    ...{ number, name, sentence, pattern, causes, hint },
    saidBy: SSPI,
  })),
  ...windowsStatuses().map(([number, { name, meaning }]) => {
    const { pattern, causes = [], hint } = STATUS_WORDS[number] ?? {};
    const sentence = `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}`;
    return {
      ...{ number, name, sentence, causes, saidBy: STATUS },
      ...(pattern && { pattern }),
      hint: hint ?? 'the security log of the domain controller says more: events 4768, 4769 and 4771',
    };
  }),
];

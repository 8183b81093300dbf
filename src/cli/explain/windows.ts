import { windowsStatuses } from '../windows-status.ts';
import type { OtherError } from './other-error.ts';

const SSPI = 'SSPI, the counterpart of GSS-API on Windows';
const STATUS = 'Windows, or a domain controller in the e-data of an error, as an NT status';

/** Additional words, by the number of the status. */
const STATUS_WORDS: Readonly<
  Record<number, { readonly pattern?: RegExp; readonly causes: readonly string[]; readonly hint: string }>
> = {
  3221225566: {
    pattern: /no logon servers available/i,
    causes: [
      'the domain is not in DNS, or its controllers cannot be reached because of a firewall or a missing VPN',
    ],
    hint: 'krb5kit doctor shows what DNS says, and which KDCs answer',
  },
  3221225581: {
    pattern: /user ?name or password is incorrect/i,
    causes: ['the password is wrong', 'the name belongs to another domain', 'NTLM was tried, and rejected'],
    hint: 'check that the client uses Kerberos at all: klist on Windows, krb5kit inspect for the token',
  },
  3221225779: {
    pattern: /time (?:and\/or date )?between .*differ|difference between the (?:client|primary domain)/i,
    causes: ['a clock is off by more than five minutes'],
    hint: 'set the clock: w32tm /resync on Windows, NTP elsewhere',
  },
  3221225869: {
    pattern: /trust relationship between this workstation and the primary domain failed/i,
    causes: [
      'the machine was restored from a backup, or its account was reset: its password differs from the one in the domain',
    ],
    hint: 'Test-ComputerSecureChannel -Repair on the machine, or join the domain again',
  },
  3221226036: {
    pattern: /account (?:is|has been) (?:currently )?locked out/i,
    causes: ['a device or a service keeps using an old password'],
    hint: 'event 4740 on the domain controller shows the source; wait, or have the account unlocked',
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
      'no account has the SPN of the service, or two accounts have it',
      'the name of the host is an alias or an address',
    ],
    'setspn -Q service/host shows which account has the SPN; use the full host name',
  ],
  [
    2148074248,
    'SEC_E_INVALID_TOKEN',
    'The token supplied to the function is invalid',
    /token supplied to the function is invalid/i,
    ['a proxy or server truncated the token, or it belongs to another mechanism'],
    'krb5kit inspect shows what the token is',
  ],
  [
    2148074252,
    'SEC_E_LOGON_DENIED',
    'The logon attempt failed',
    /logon attempt failed/i,
    ['the password is wrong', 'the service does not run under the account that has its SPN'],
    'check events 4625 and 4771 in the security log of the server',
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
    ['no domain controller answers, or the domain is not in DNS'],
    'krb5kit doctor shows what DNS says, and which KDCs answer',
  ],
  [
    2148074310,
    'SEC_E_BAD_BINDINGS',
    "The client's channel bindings were incorrect",
    /(?:client's )?(?:supplied )?(?:SSPI\)? )?channel bindings were incorrect/i,
    [
      'the server requires channel bindings (LdapEnforceChannelBinding, Extended Protection), and the client sends none',
      'TLS is terminated in between, by a proxy or a load balancer with another certificate',
    ],
    'use a client that sends channel bindings (tls-server-end-point) over TLS; the password and the ticket are not the problem',
  ],
  [
    2148074274,
    'SEC_E_WRONG_PRINCIPAL',
    'The target principal name is incorrect',
    /target principal name is incorrect/i,
    [
      'the service does not run under the account that has the SPN: this is KRB_AP_ERR_MODIFIED',
      'the password of the machine or service account was changed, and has not been replicated yet',
    ],
    'setspn -Q service/host shows which account has the SPN; move it to the account of the service',
  ],
  [
    2148074276,
    'SEC_E_TIME_SKEW',
    'The clocks on the client and server machines are skewed',
    /clocks on the client and server machines are skewed/i,
    ['a clock is off by more than five minutes'],
    'set the clock: w32tm /resync on Windows, NTP elsewhere',
  ],
  [
    2148074306,
    'SEC_E_KDC_UNKNOWN_ETYPE',
    'The encryption type requested is not supported by the KDC',
    /encryption type requested is not supported by the KDC/i,
    ['RC4 is disabled, and the account has no AES keys or is not marked for them'],
    'set a new password for the account, and set msDS-SupportedEncryptionTypes to AES',
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
      hint: hint ?? 'check events 4768, 4769 and 4771 in the security log of the domain controller',
    };
  }),
];

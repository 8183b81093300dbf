import { flagText, type Names } from './names.ts';

/** Flags of Windows, which counts its bits from the lowest. */
function lowestFirst(names: readonly (string | undefined)[]): Names {
  return Object.fromEntries(names.flatMap((name, i) => (name === undefined ? [] : [[31 - i, name]])));
}

/** MS-PAC 2.5. */
const USER_FLAGS = lowestFirst([
  'guest',
  'no-encryption',
  undefined,
  'lan-manager-key',
  undefined,
  'extra-sids',
  'subauthentication-key',
  'machine-account',
  'ntlmv2-understood',
  'resource-groups',
  'profile-path',
]);

/** MS-SAMR 2.2.1.12. */
const USER_ACCOUNT_CONTROL = lowestFirst([
  'disabled',
  'home-directory-required',
  'password-not-required',
  'temporary-duplicate',
  'normal-account',
  'mns-logon',
  'interdomain-trust',
  'workstation-trust',
  'server-trust',
  'password-does-not-expire',
  'locked',
  'reversible-password-allowed',
  'smartcard-required',
  'trusted-for-delegation',
  'not-delegated',
  'des-keys-only',
  'preauth-not-required',
  'password-expired',
  'trusted-to-authenticate-for-delegation',
  'no-pac-required',
  'read-only-dc',
  'aes-keys',
]);

/** MS-PAC 2.2.1. */
const GROUP_ATTRIBUTES: Names = {
  ...lowestFirst(['mandatory', 'enabled-by-default', 'enabled', 'owner']),
  2: 'resource',
};

/** Accounts and groups that every domain has (MS-DTYP 2.4.2.4), by the last number of their SIDs. */
const IN_DOMAIN: Names = {
  496: 'Compounded Authentication',
  497: 'Claims Valid',
  498: 'Enterprise Read-only Domain Controllers',
  500: 'Administrator',
  501: 'Guest',
  502: 'krbtgt',
  512: 'Domain Admins',
  513: 'Domain Users',
  514: 'Domain Guests',
  515: 'Domain Computers',
  516: 'Domain Controllers',
  517: 'Cert Publishers',
  518: 'Schema Admins',
  519: 'Enterprise Admins',
  520: 'Group Policy Creator Owners',
  521: 'Read-only Domain Controllers',
  522: 'Cloneable Domain Controllers',
  525: 'Protected Users',
  526: 'Key Admins',
  527: 'Enterprise Key Admins',
  553: 'RAS and IAS Servers',
  571: 'Allowed RODC Password Replication Group',
  572: 'Denied RODC Password Replication Group',
};

/** The same of every machine, and what says how somebody logged in. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  'S-1-1-0': 'Everyone',
  'S-1-5-9': 'Enterprise Domain Controllers',
  'S-1-5-11': 'Authenticated Users',
  'S-1-5-32-544': 'Administrators',
  'S-1-5-32-545': 'Users',
  'S-1-5-32-546': 'Guests',
  'S-1-5-32-548': 'Account Operators',
  'S-1-5-32-549': 'Server Operators',
  'S-1-5-32-550': 'Print Operators',
  'S-1-5-32-551': 'Backup Operators',
  'S-1-5-32-554': 'Pre-Windows 2000 Compatible Access',
  'S-1-5-32-555': 'Remote Desktop Users',
  'S-1-5-32-580': 'Remote Management Users',
  'S-1-18-1': 'Authentication authority asserted identity',
  'S-1-18-2': 'Service asserted identity',
  'S-1-18-3': 'Fresh public key identity',
  'S-1-18-4': 'Key trust identity',
  'S-1-18-5': 'Key property MFA',
  'S-1-18-6': 'Key property attestation',
};

const FLAGS: Readonly<Record<string, Names>> = {
  userFlags: USER_FLAGS,
  userAccountControl: USER_ACCOUNT_CONTROL,
  attributes: GROUP_ATTRIBUTES,
};

/** A number of a PAC with what it means: flags, and users and groups of the domain; undefined for other numbers. */
export function windowsText(field: string, number: number): string | undefined {
  const flags = FLAGS[field];
  if (flags !== undefined) return flagText(flags, number);
  const name = field === 'userId' || field === 'primaryGroupId' ? IN_DOMAIN[number] : undefined;
  return name && `${name} (${number})`;
}

/** A SID with its name, if that is the same everywhere. */
export function sidText(sid: string): string {
  const [, id] = /^S-1-5-21-\d+-\d+-\d+-(\d+)$/.exec(sid) ?? [];
  const name = id === undefined ? WELL_KNOWN[sid] : IN_DOMAIN[Number(id)];
  return name === undefined ? sid : `${sid} (${name})`;
}

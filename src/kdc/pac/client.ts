import { NT_ENTERPRISE } from '../../messages/numbers.ts';
import {
  PAC_ATTRIBUTES_INFO,
  PAC_CLIENT_INFO,
  PAC_LOGON_INFO,
  PAC_REQUESTOR,
  PAC_UPN_DNS_INFO,
} from '../../messages/pac.ts';
import { encodeLogonInfo } from '../../messages/pac-logon-writer.ts';
import {
  encodeAttributes,
  encodeClientInfo,
  encodeUpnDnsInfo,
  type PacPart,
} from '../../messages/pac-writer.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { encodeSid } from '../../messages/sid.ts';
import type { AccountInfo, DomainInfo } from '../account.ts';
import type { PrincipalEntry } from '../database.ts';
import type { RealmPolicy } from '../policy.ts';
import { PacContents } from './contents.ts';

/** SE_GROUP_MANDATORY, SE_GROUP_ENABLED_BY_DEFAULT and SE_GROUP_ENABLED (MS-PAC 2.2.2). */
const GROUP_ATTRIBUTES = 7;
/** The flag for groups given by their SIDs (MS-PAC 2.5). */
const LOGON_EXTRA_SIDS = 0x20;
/** USER_NORMAL_ACCOUNT (MS-SAMR 2.2.1.12). */
const NORMAL_ACCOUNT = 0x10;
/** The relative identifier of Domain Users. */
const DOMAIN_USERS = 513;
/** The SIDs for identities asserted by the authentication authority and by a service (MS-DTYP 2.4.2.4). */
const ASSERTED_BY_AUTHORITY = 'S-1-18-1';
const ASSERTED_BY_SERVICE = 'S-1-18-2';

interface PacFacts {
  /** The client's name in the ticket. */
  readonly client: Principal;
  readonly authtime: Date;
  /** Whether the client has explicitly asked for a PAC. */
  readonly requested: boolean;
  /** Whether a service has asked in the client's name (S4U2Self). */
  readonly forService?: boolean | undefined;
  /** Whether the name includes its realm, for another realm. */
  readonly withRealm?: boolean | undefined;
}

/**
 * The PAC of a realm's client: its name in the ticket and, if the realm is a domain in which the client has an account,
 * the account, whichever alias was used.
 */
export function clientPac(entry: PrincipalEntry, realm: RealmPolicy, facts: PacFacts): PacContents {
  const { account } = entry.policy;
  const name = { type: PAC_CLIENT_INFO, data: encodeClientInfo(nameOf(facts), facts.authtime) };
  if (realm.domain === undefined || account === undefined) return new PacContents([name]);
  return new PacContents([name, ...accountParts(entry.principal, realm.domain, account, facts)]);
}

/** Enterprise names are not quoted (MS-PAC 2.7). */
function nameOf({ client, withRealm = false }: PacFacts): string {
  if (withRealm) return formatPrincipal(client);
  if (client.nameType === NT_ENTERPRISE) return client.components.join('/');
  return formatPrincipal(client, { realm: false });
}

function accountParts(
  { components, realm: dnsDomainName }: Principal,
  domain: DomainInfo,
  account: AccountInfo,
  { authtime, requested, forService = false }: PacFacts,
): PacPart[] {
  const samName = components.join('/');
  const sid = `${domain.sid}-${account.rid}`;
  const primaryGroupId = account.primaryGroup ?? DOMAIN_USERS;
  const groups = [...new Set([primaryGroupId, ...(account.groups ?? [])])];
  const logonInfo = encodeLogonInfo({
    logonTime: authtime,
    logoffTime: undefined,
    kickOffTime: undefined,
    passwordLastSet: undefined,
    passwordCanChange: undefined,
    passwordMustChange: undefined,
    effectiveName: samName,
    fullName: account.fullName ?? '',
    logonScript: '',
    profilePath: '',
    homeDirectory: '',
    homeDirectoryDrive: '',
    logonCount: 0,
    badPasswordCount: 0,
    userId: account.rid,
    primaryGroupId,
    userFlags: LOGON_EXTRA_SIDS,
    logonServer: domain.server ?? '',
    logonDomainName: domain.name,
    logonDomainId: domain.sid,
    userAccountControl: NORMAL_ACCOUNT,
    userSid: sid,
    groups: [
      ...groups.map(rid => `${domain.sid}-${rid}`),
      forService ? ASSERTED_BY_SERVICE : ASSERTED_BY_AUTHORITY,
    ].map(group => ({ sid: group, attributes: GROUP_ATTRIBUTES })),
  });
  const upnDnsInfo = encodeUpnDnsInfo({
    upn: account.upn ?? `${samName}@${dnsDomainName.toLowerCase()}`,
    dnsDomainName,
    constructed: account.upn === undefined,
    samName,
    sid,
  });
  return [
    { type: PAC_LOGON_INFO, data: logonInfo },
    { type: PAC_UPN_DNS_INFO, data: upnDnsInfo },
    { type: PAC_ATTRIBUTES_INFO, data: encodeAttributes({ requested, implicit: !requested }) },
    { type: PAC_REQUESTOR, data: encodeSid(sid) },
  ];
}

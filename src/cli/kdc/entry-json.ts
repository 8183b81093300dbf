import type { PrincipalEntry } from '../../kdc/database.ts';
import { saltOf } from '../../kdc/key-version.ts';
import type { PrincipalPolicy } from '../../kdc/policy.ts';
import type { DurableDatabase } from '../../kdc/store.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { enctypeJson, lineOfJson } from '../json.ts';

/** A principal's current entry, as a line of JSON without secrets. */
export function entryLine(database: DurableDatabase, principal: Principal): string {
  return lineOfJson(entryJson(database.own(principal)!));
}

/** A principal in JSON, without secrets. */
export function entryJson({ principal, policy, keys }: PrincipalEntry): object {
  return {
    principal: formatPrincipal(principal),
    keys: keys.map(({ kvno, etypes, origin }) => ({
      kvno,
      enctypes: etypes.map(etype => ({
        ...enctypeJson(etype),
        ...(origin && { salt: saltOf(etype, origin) }),
      })),
    })),
    policy: policyJson(policy),
  };
}

function policyJson(policy: PrincipalPolicy): object {
  const { sessionEnctypes } = policy;
  return {
    ...withoutSecrets(policy),
    ...(sessionEnctypes && { sessionEnctypes: sessionEnctypes.map(enctypeJson) }),
  };
}

/** A policy without its secrets; only the presence of a token is shown. */
export function withoutSecrets({ otp, ...policy }: PrincipalPolicy): object {
  if (otp === undefined) return policy;
  const { secret, ...others } = otp;
  return { ...policy, otp: others };
}

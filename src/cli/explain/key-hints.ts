import { enctypeText } from '../../client/telling.ts';
import { isSupported } from '../../crypto/enctype-list.ts';
import type { Story } from './story.ts';

/** What to try if a password or a key is refused. */
export function keyHint(story: Story): string | undefined {
  const { errors } = story;
  const keytab = story.last('keytab');
  if (keytab !== undefined) return keytabHint(story);
  if (errors.some(({ code }) => code === 'PASSWORD_UNREAD')) return undefined;
  const hints = story.last('hints');
  const mechanisms = story.all('mechanism').map(({ padataType }) => padataType);
  const offered = story.last('offers')?.padataTypes;
  const named = namesEnctypes(story);
  if (!named || (hints !== undefined && hints.enctype === undefined)) {
    return offered?.includes(OTP) ? offersHint(story) : permitClientsEnctype(story);
  }
  if (mechanisms.length === 0) return offersHint(story);
  if (mechanisms.includes(OTP)) return 'use a new code from the token, and check that its clock is right';
  if (mechanisms.includes(PKINIT) && story.last('key') === undefined) {
    return 'check that the KDC accepts the certificate for this principal: its SAN, its extended key usage and its CA';
  }
  const salt =
    hints?.usualSalt === false
      ? '; the salt is not the default one, which is normal if the account was renamed'
      : '';
  return `check the password: caps lock, the keyboard layout, and whether it was changed recently${salt}${oneTimeHint(story)}`;
}

/**
 * What to try if all the KDC's keys of the client have enctypes that are not permitted here. A KDC that does not name
 * them may also have none at all: the client then has to use what else is offered.
 */
export function permitClientsEnctype(story: Story): string {
  const theirs = story.last('hints')?.enctypes ?? [];
  const place = enctypesPlace(story);
  const other = story.last('hints') === undefined ? otherWay(story) : '';
  const password = 'set a new password, which creates AES keys';
  const usable = theirs.filter(isSupported);
  if (theirs.length > 0 && usable.length === 0) return password;
  if (place !== undefined) {
    const enctypes = usable.map(enctypeText).join(', ') || 'more enctypes';
    return `allow ${enctypes} in ${place} (RC4 also needs allow_rc4), or ${password}${other}`;
  }
  if (usable.length > 0 && !usable.includes(RC4)) return password;
  return `${password}; until then, allow_rc4 = true in [libdefaults] permits RC4${other}`;
}

function otherWay(story: Story): string {
  const offered = story.last('offers')?.padataTypes ?? [];
  return offered.includes(PKINIT)
    ? `; an account without a password needs a certificate: ${CERTIFICATE}`
    : '';
}

/**
 * KDCs offer one-time passwords only within FAST, so a password may be refused that is none. Active Directory and
 * Heimdal, which still offer the PKINIT of the drafts, have no such passwords.
 */
function oneTimeHint(story: Story): string {
  const offered = story.last('offers')?.padataTypes ?? [];
  const armors = offered.includes(FAST) && offered.includes(PKINIT) && !offered.includes(DRAFT_PKINIT);
  return armors && !story.request?.fast ? '; for a one-time password, use kinit --anonymous-armor' : '';
}

/** The setting that determines the requested enctypes, with file and line; undefined if there is none. */
export function enctypesPlace({ config }: Story): string | undefined {
  for (const name of ['default_tkt_enctypes', 'default_tgs_enctypes', 'permitted_enctypes']) {
    const place = config?.profile.where('libdefaults', name);
    if (place !== undefined) return `${name}, ${place.file}:${place.line}`;
  }
  return undefined;
}

/** Whether the KDC names enctypes of keys of the client, if it has asked for pre-authentication. */
function namesEnctypes(story: Story): boolean {
  const offered = story.last('offers')?.padataTypes;
  return offered === undefined || ETYPE_INFOS.some(type => offered.includes(type));
}

const RC4 = 23;
const ETYPE_INFOS = [11, 19];
const PKINIT = 16;
const DRAFT_PKINIT = 15;
const OTP = 141;
const FAST = 136;
const CERTIFICATE = 'kinit -X X509_user_identity=FILE:cert.pem,key.pem';

function keytabHint(story: Story): string {
  const { principal, keys, others } = story.last('keytab')!;
  // kvno with -k.
  if (keys.length === 0 && story.activity?.startsWith('decrypting ticket')) {
    return `use another keytab with -k, or ask for a service in this one: ${others.join(', ') || 'it is empty'}`;
  }
  if (keys.length === 0) {
    return others.length === 0
      ? 'use another keytab: this one is empty'
      : `use another keytab, or one of the principals in this one: ${others.join(', ')}`;
  }
  const forbidden = forbiddenKeys(story);
  if (forbidden !== undefined) {
    return `set a new password or key for ${principal}, which creates AES keys, and then create a new keytab: this one only has ${forbidden}, not permitted here (see permitted_enctypes and allow_rc4)`;
  }
  if (!namesEnctypes(story)) return permitClientsEnctype(story);
  const sealed = story.last('sealed');
  const kvnos = [...new Set(keys.map(({ kvno }) => kvno))];
  const had = `kvno ${kvnos.join(', ')}`;
  if (sealed?.kvno !== undefined && !kvnos.includes(sealed.kvno)) {
    return `create a new keytab: it has ${had} of ${principal}, but the KDC has ${sealed.kvno}`;
  }
  const enctypes = story.last('hints')?.enctypes ?? [];
  if (enctypes.length > 0 && !keys.some(({ enctype }) => enctypes.includes(enctype))) {
    return `create a new keytab: it has no key with an enctype that the KDC has for ${principal}`;
  }
  const salt =
    story.last('hints')?.usualSalt === false
      ? "; a keytab that is derived from the password needs the KDC's salt, which is not the default one"
      : '';
  return `create a new keytab: its ${had} of ${principal} is older than the KDC's key, or was never the same${salt}`;
}

/** The enctypes of the keys of the client in the keytab, if none of them may be used for a login here. */
function forbiddenKeys(story: Story): string | undefined {
  const { request } = story;
  const enctypes = [...new Set(story.last('keytab')!.keys.map(({ enctype }) => enctype))];
  if (request?.message !== 'AS-REQ' || enctypes.some(each => request.enctypes.includes(each)))
    return undefined;
  return enctypes.map(enctypeText).join(', ');
}

function offersHint(story: Story): string | undefined {
  const offered = story.last('offers')?.padataTypes ?? [];
  if (offered.includes(OTP)) return 'one-time passwords need FAST and a terminal: kinit -T CACHE';
  if (offered.includes(PKINIT)) return `the KDC requires a certificate: ${CERTIFICATE}`;
  return offered.includes(FAST) ? 'the KDC may offer more within FAST: kinit -T CACHE' : undefined;
}

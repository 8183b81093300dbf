import { enctypeText } from '../../client/telling.ts';
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
  const named = offered === undefined || ETYPE_INFOS.some(type => offered.includes(type));
  if (!named && enctypesPlace(story) === undefined) return offersHint(story);
  if (!named || (hints !== undefined && hints.enctype === undefined)) return permitClientsEnctype(story);
  if (mechanisms.length === 0) return offersHint(story);
  if (mechanisms.includes(OTP)) return 'use a fresh value of the token, and see that its clock is right';
  if (mechanisms.includes(PKINIT) && story.last('key') === undefined) {
    return 'see that the certificate is one that the KDC takes for this principal: its SAN, its purpose, its CA';
  }
  const salt =
    hints?.usualSalt === false
      ? '; the salt is not the usual one, which is right where the account was renamed'
      : '';
  return `check the password: caps lock, the keyboard's layout, and whether it was changed lately${salt}`;
}

/** What to try if all the KDC's keys of the client have enctypes that are not permitted here. */
export function permitClientsEnctype(story: Story): string {
  const enctypes = story.last('hints')?.enctypes.map(enctypeText).join(', ') || 'more enctypes';
  const place = enctypesPlace(story) ?? 'permitted_enctypes';
  return `permit ${enctypes} in ${place} (RC4 needs allow_rc4 as well), or have a new password set, which makes AES keys`;
}

/** The setting that determines the requested enctypes, with file and line; undefined if there is none. */
export function enctypesPlace({ config }: Story): string | undefined {
  for (const name of ['default_tkt_enctypes', 'default_tgs_enctypes', 'permitted_enctypes']) {
    const place = config?.profile.where('libdefaults', name);
    if (place !== undefined) return `${name}, ${place.file}:${place.line}`;
  }
  return undefined;
}

const ETYPE_INFOS = [11, 19];
const PKINIT = 16;
const OTP = 141;
const FAST = 136;

function keytabHint(story: Story): string {
  const { principal, keys, others } = story.last('keytab')!;
  if (keys.length === 0) {
    return others.length === 0
      ? 'name another keytab with -t: this one is empty'
      : `name another keytab with -t, or one of those that this one has keys of: ${others.join(', ')}`;
  }
  const sealed = story.last('sealed');
  const kvnos = [...new Set(keys.map(({ kvno }) => kvno))];
  const had = `kvno ${kvnos.join(', ')}`;
  if (sealed?.kvno !== undefined && !kvnos.includes(sealed.kvno)) {
    return `make a new keytab: it has ${had} of ${principal}, the KDC says ${sealed.kvno}`;
  }
  const enctypes = story.last('hints')?.enctypes ?? [];
  if (enctypes.length > 0 && !keys.some(({ enctype }) => enctypes.includes(enctype))) {
    return `make a new keytab: it has no key of an enctype that the KDC has keys of for ${principal}`;
  }
  const salt =
    story.last('hints')?.usualSalt === false
      ? "; a keytab made from the password needs the KDC's salt, which is not the usual one"
      : '';
  return `make a new keytab: its ${had} of ${principal} is older than the KDC's key, or never was the same${salt}`;
}

function offersHint(story: Story): string | undefined {
  const offered = story.last('offers')?.padataTypes ?? [];
  if (offered.includes(OTP))
    return 'ask at a terminal within FAST, as one-time passwords need: kinit -T CACHE';
  if (offered.includes(PKINIT))
    return 'the KDC wants a certificate: kinit -X X509_user_identity=FILE:cert.pem,key.pem';
  return offered.includes(FAST) ? 'the KDC may offer more within FAST: kinit -T CACHE' : undefined;
}

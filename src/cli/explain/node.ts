import type { OtherError } from './other-error.ts';

const NPM = "npm or Node.js, about a package with native code such as npm's kerberos or keytar";

/** Why packages with native code cannot be installed or loaded. */
export const NODE_ERRORS: readonly OtherError[] = [
  {
    name: 'gssapi/gssapi.h',
    pattern:
      /gssapi\/gssapi\w*\.h['"]?:? (?:no such file|file not found)|krb5-config: (?:command )?not found/i,
    sentence: "npm's kerberos is being compiled, and the development files of MIT Kerberos are missing",
    saidBy: NPM,
    causes: [
      'there is no prebuilt binary for this platform or version of Node.js, or it cannot be downloaded',
    ],
    hint: 'krb5kit/kerberos stands in for it and needs no compiler; else install libkrb5-dev or krb5-devel',
  },
  {
    name: 'libsecret-1.so.0',
    pattern: /libsecret-1\.so\.0|package ['"]?libsecret-1['"]?.* not found/i,
    sentence: 'keytar cannot be loaded: the library of the Secret Service is missing',
    saidBy: NPM,
    causes: ['libsecret is not installed, as on servers and in containers'],
    hint: 'install libsecret-1-0 or libsecret; krb5kit does without, and krb5kit cache backend shows what it uses',
  },
];

// `krb5kit/kerberos`, which stands in for npm's kerberos; by its default export for `import kerberos from`, too.

export * from './api.ts';
export * as default from './api.ts';

/**
 * What stands in for npm's kerberos; by its default export for `import kerberos from`, too.
 *
 * @module krb5kit/kerberos
 */

export * from './api.ts';
export * as default from './api.ts';

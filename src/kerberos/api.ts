// The exports of npm's kerberos, and the classes of the objects that they return.

export type { Callback } from './callback.ts';
export { checkPassword } from './check-password.ts';
export { KerberosClient, type WrapOptions } from './client.ts';
export * from './constants.ts';
export { type InitializeClientOptions, initializeClient } from './initialize-client.ts';
export { initializeServer } from './initialize-server.ts';
export { principalDetails } from './principal-details.ts';
export { KerberosServer } from './server.ts';

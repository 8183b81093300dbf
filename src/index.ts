/**
 * The public API: re-exports only.
 *
 * @module krb5kit
 */

export type { AcceptedServer, ServiceName } from './ap/accepted-server.ts';
export {
  type AcceptOptions as ApAcceptOptions,
  type ApAccepted,
  acceptApReq,
  type SubkeyRequest,
} from './ap/acceptor.ts';
export { ApError } from './ap/ap-error.ts';
export { findIndicators } from './ap/authentication-indicators.ts';
export {
  type ChangePasswordOptions,
  changePassword,
  type PasswordOutcome,
} from './ap/change-password.ts';
export { type ApReqOptions, type ApRequest, createApReq } from './ap/initiator.ts';
export { createOpenedTickets, type OpenedTickets, type OpenedTicketsOptions } from './ap/opened-tickets.ts';
export { findPac, type VerifyPacOptions, verifyPac } from './ap/pac.ts';
export { type LocalReplayCache, type ReplayCache, ReplayCacheError } from './ap/replay-cache.ts';
export { type FileReplayOptions, fileReplayCache } from './ap/replay-file.ts';
export { createMemoryReplayCache, type MemoryReplayOptions } from './ap/replay-memory.ts';
export { type RedisClient, redisReplayCache } from './ap/replay-redis.ts';
export { type SharedReplayOptions, type SharedStore, sharedReplayCache } from './ap/replay-shared.ts';
export { type ReplayEnvironment, resolveReplayCache } from './ap/replay-types.ts';
export { type ApSession, protocolKey } from './ap/session.ts';
export { verifyIssuer } from './ap/verify-issuer.ts';
export type {
  CacheContents,
  Ccache,
  CcacheCollection,
  CcacheEnvironment,
  Keychain,
} from './ccache/ccache.ts';
export { ccacheName } from './ccache/ccache.ts';
export { type ChosenIdentity, type IdentityOptions, selectIdentity } from './ccache/identity.ts';
export { openKeychain } from './ccache/keychain/open.ts';
export { probeKeychain } from './ccache/keychain/probe.ts';
export type { KeychainUse } from './ccache/keychain-use.ts';
export { resolveCcache } from './ccache/resolve.ts';
export { type ClientKeytab, refreshFromKeytab } from './client/client-keytab.ts';
export { type ClientPassword, refreshFromPassword } from './client/client-password.ts';
export { type ForwardOptions, forwardCredential } from './client/forward.ts';
export { getInitialCredential, type InitialOptions, type InitialResult } from './client/initial.ts';
export type { ExchangeOptions } from './client/options.ts';
export { renewCredential, validateCredential } from './client/renew.ts';
export { getCredentialByProxy, getCredentialForUser, type S4uUser } from './client/s4u.ts';
export type { BehalfReply, OnBehalf } from './client/s4u-behalf.ts';
export type { Delegation } from './client/s4u-proxy.ts';
export type { Secret } from './client/secret.ts';
export { findCredential, getServiceCredential, type ServiceOptions } from './client/service.ts';
export { exchangeTgs, type TgsRequest } from './client/tgs.ts';
export type { TicketWishes } from './client/ticket-wishes.ts';
export { findPeerTgt, getUserToUserCredential, type Peer } from './client/user-to-user.ts';
export type { Codec, ValueOf } from './codec/codec.ts';
export { type Config, createConfig } from './config/config.ts';
export { defaultConfigFiles, loadProfile, splitConfigPath } from './config/load.ts';
export { type ChecksumValue, makeChecksum, verifyChecksum } from './crypto/checksum.ts';
export { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from './crypto/enctype-list.ts';
export { enctypeName, isWeak } from './crypto/enctype-names.ts';
export { decrypt, encrypt, importKey, type Key, randomKey } from './crypto/key.ts';
export { cf2, prf, prfPlus } from './crypto/prf.ts';
export { stringToKey } from './crypto/string-to-key.ts';
export * from './errors.ts';
export { type AcceptorOptions, createAcceptor } from './gss/acceptor.ts';
export { tlsExporter, tlsServerEndPoint, tlsUnique } from './gss/channel-bindings.ts';
export { type ConstrainedDelegation, getConstrainedCredential } from './gss/constrained.ts';
export type {
  ChannelAddress,
  ChannelBindings,
  ContextFlags,
  ContextInfo,
  PrfOptions,
  SecurityContext,
  Unwrapped,
  WrapOptions,
} from './gss/context.ts';
export { GssError, type GssErrorOptions, type GssMajor } from './gss/gss-error.ts';
export { createIakerbAcceptor, type IakerbAcceptorOptions } from './gss/iakerb/acceptor.ts';
export { type OpenContextOptions, openContext } from './gss/initiate.ts';
export { createInitiator, type InitiatorOptions, type RequestedFlags } from './gss/initiator.ts';
export type { KerberosContextOptions } from './gss/kerberos-context.ts';
export { IAKERB, KRB5, KRB5_USER_TO_USER, MS_KRB5 } from './gss/oids.ts';
export { initializeProxyCache, type ProxyCache } from './gss/proxy-cache.ts';
export { createSaslClient, type SaslClientOptions } from './gss/sasl/client.ts';
export type { SaslExchange, SaslMechanism, SaslOptions } from './gss/sasl/exchange.ts';
export {
  createSaslLayer,
  type SaslLayer,
  type SaslLayerSizes,
  type SaslProtection,
} from './gss/sasl/layer.ts';
export { createSaslServer, type SaslServer } from './gss/sasl/server.ts';
export { acceptNegotiation, createSpnegoAcceptor } from './gss/spnego/acceptor.ts';
export {
  createSpnegoInitiator,
  initiateNegotiation,
  type SpnegoInitiatorOptions,
} from './gss/spnego/initiator.ts';
export type { NegotiableMechanism } from './gss/spnego/mechanisms.ts';
export { createUserToUserInitiator, type UserToUserTicket } from './gss/user-to-user.ts';
export { Authenticated } from './http/authenticated.ts';
export {
  type AcceptContextsOptions,
  acceptContexts,
  type OpenFromCacheOptions,
  openFromCache,
} from './http/contexts.ts';
export { negotiateFetch } from './http/fetch.ts';
export { type FreshKeytab, type FreshKeytabOptions, freshKeytab } from './http/fresh-keytab.ts';
export {
  type Interceptor,
  type InterceptorOptions,
  negotiateInterceptor,
} from './http/interceptor.ts';
export {
  type NegotiateServer,
  type NegotiateServerOptions,
  negotiateServer,
} from './http/negotiate-server.ts';
export {
  type ContextRequest,
  type Negotiated,
  type NegotiateOptions,
  negotiated,
  type OpenContext,
} from './http/options.ts';
export { negotiateProxyAgent, type ProxyAgentOptions } from './http/proxy-agent.ts';
export { type NegotiatedRequest, negotiateRequest } from './http/request.ts';
export {
  type AcceptContext,
  type AcceptRequest,
  authenticated,
  type ServerReply,
  type ServerRequest,
} from './http/server.ts';
export { createKdc, type Kdc, type KdcOptions } from './kdc/kdc.ts';
export { createPasswordServer, type PasswordServerOptions } from './kdc/kpasswd.ts';
export { createDatabase, type MemoryDatabase } from './kdc/memory-database.ts';
export type { NamedPolicy, OtpToken } from './kdc/policy.ts';
export type { KdcPkinitOptions } from './kdc/preauth/pkinit.ts';
export { type KkdcpOptions, type KkdcpServer, listenKkdcp } from './kdc/server/kkdcp.ts';
export { type KdcServer, type ListenOptions, listenKdc } from './kdc/server.ts';
export type { KdcServiceOptions } from './kdc/services.ts';
export { type RealmOptions, type RunningKdc, type StartKdcOptions, startKdc } from './kdc/start.ts';
export {
  type CreateDatabaseOptions,
  createDurableDatabase,
  type OpenDatabaseOptions,
  openDurableDatabase,
} from './kdc/store/open.ts';
export type { DurableDatabase } from './kdc/store.ts';
export type { Trouble } from './kdc/trouble.ts';
export { addTrust, type TrustSpec } from './kdc/trust.ts';
export { type Keytab, type KeytabEntry, resolveKeytab } from './keytab/keytab.ts';
export type { Acceptance } from './local/acceptance.ts';
export {
  type LocalKerberos,
  type LoginOptions,
  type LoginSecret,
  type OpenKerberosOptions,
  openKerberos,
} from './local/kerberos.ts';
export type { PasswordChange } from './local/password.ts';
export * from './messages/ap.ts';
export * from './messages/authorization.ts';
export * from './messages/credential.ts';
export * from './messages/error-codes.ts';
export * from './messages/fast.ts';
export * from './messages/flags.ts';
export * from './messages/kdc-rep.ts';
export * from './messages/kdc-req.ts';
export * from './messages/krb-cred.ts';
export * from './messages/krb-error.ts';
export * from './messages/numbers.ts';
export * from './messages/otp.ts';
export * from './messages/pac.ts';
export * from './messages/password.ts';
export * from './messages/pkinit.ts';
export * from './messages/preauth-data.ts';
export * from './messages/principal.ts';
export * from './messages/proxy.ts';
export * from './messages/s4u.ts';
export * from './messages/safe-priv-cred.ts';
export * from './messages/seal.ts';
export * from './messages/spake.ts';
export * from './messages/ticket.ts';
export * from './messages/types.ts';
export type {
  PkinitEku,
  PkinitGroupName,
  PkinitIdentity,
  PkinitMaterial,
  PkinitOptions,
} from './preauth/pkinit/options.ts';
export { loadPkinit, type PkinitSources } from './preauth/pkinit/sources.ts';
export * from './trace.ts';
export { createTransport, type Transport, type TransportOptions } from './transport/transport.ts';

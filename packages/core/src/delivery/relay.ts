// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { DeliverySettings } from '../config/engine-config.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import type { OAuthTokens } from '../smtp/oauth-tokens.ts';
import type { PoolLimits } from '../smtp/pool.types.ts';
import { createRelayGuard } from '../smtp/relay-guard.ts';
import type { SmtpAuth, SmtpRelay, SmtpTimeouts } from '../smtp/session.types.ts';
import { RFC5321_TIMEOUTS } from '../smtp/session.types.ts';

/** What the pool is asked for: whose connections, to where, how many. */
export interface PoolRequest {
  readonly key: string;
  readonly relay: SmtpRelay;
  readonly limits: PoolLimits;
}

/** For which message, and what this instance may use. */
export interface PoolUse {
  readonly isImmediate: boolean;
  /** Of the message. */
  readonly sizeBytes: number;
  /** This instance's part of the account's connections; asked anew each time, as other instances may have got some of it. */
  readonly share: () => number;
  readonly settings: DeliverySettings;
  readonly tokens: OAuthTokens;
  /** Of the instance: where relays may be that tenants named. */
  readonly outgoing: OutgoingPolicy;
}

/** A larger one may be under way for seconds, however quick the relay is. */
const LONG_BYTES = 262_144;

/**
 * The connections that a message of this account uses. Of more than one, one is kept for immediate messages, so that
 * they never stand behind a queue that the relay takes slowly; it may be opened beside all those of other accounts. Where
 * the relay is quick, small messages have it too: who is immediate waits for one of them at most. An account's only
 * connection is everybody's, and then an immediate message waits for the one that uses it, before others.
 */
export function poolRequest(account: AccountRelayRow, use: PoolUse): PoolRequest {
  const { isImmediate, settings } = use;
  const keptKey = poolKey(account, true);
  const others = new OtherConnections(poolKey(account, false), account, use);
  const common = {
    maxTransactionsPerConnection: account.maxMessagesPerConnection,
    maxAgeMs: settings.maxAgeMs,
    idleMs: settings.idleMs,
    goesFirst: isImmediate,
  };
  const relay = relayOf(account, use);
  if (isImmediate && others.most > 1) {
    return { key: keptKey, relay, limits: { ...common, maxConnections: 1, isUrgent: true, lentTo: others } };
  }
  const isLong = use.sizeBytes > LONG_BYTES;
  return { key: others.key, relay, limits: new OthersLimits(others, keptKey, { ...common, isLong }) };
}

/** The connections of an account without the one that is kept. */
class OtherConnections {
  readonly key: string;
  readonly #account: AccountRelayRow;
  readonly #share: () => number;

  constructor(key: string, account: AccountRelayRow, { share }: PoolUse) {
    this.key = key;
    this.#account = account;
    this.#share = share;
  }

  /** With the one that is kept. */
  get most(): number {
    return Math.min(this.#account.maxConnections, this.#share());
  }

  get maxConnections(): number {
    return Math.max(1, this.most - 1);
  }
}

/** No object literal: with its getters V8 would keep each message that has limits until a full collection (ADR 37). */
class OthersLimits implements PoolLimits {
  readonly maxTransactionsPerConnection: number;
  readonly maxAgeMs: number;
  readonly idleMs: number;
  readonly goesFirst: boolean;
  readonly isLong: boolean;
  readonly #others: OtherConnections;
  readonly #keptKey: string;

  constructor(others: OtherConnections, keptKey: string, fixed: FixedLimits) {
    this.maxTransactionsPerConnection = fixed.maxTransactionsPerConnection;
    this.maxAgeMs = fixed.maxAgeMs;
    this.idleMs = fixed.idleMs;
    this.goesFirst = fixed.goesFirst;
    this.isLong = fixed.isLong;
    this.#others = others;
    this.#keptKey = keptKey;
  }

  get maxConnections(): number {
    return this.#others.maxConnections;
  }

  get keptFor(): string | undefined {
    return this.goesFirst || this.#others.most === 1 ? undefined : this.#keptKey;
  }
}

type FixedLimits = Required<
  Pick<PoolLimits, 'maxTransactionsPerConnection' | 'maxAgeMs' | 'idleMs' | 'goesFirst' | 'isLong'>
>;

/** The settings' version is part of the key: a changed password never meets a connection opened with the old one. */
function poolKey({ pk, version }: AccountRelayRow, isReserved: boolean): string {
  return `${pk}:${version}${isReserved ? ':immediate' : ''}`;
}

/** The relay of an account, as smtp/ wants it. */
function relayOf(account: AccountRelayRow, { settings, tokens, outgoing }: PoolUse): SmtpRelay {
  const { hostPolicy, tlsServername, tlsCa, tlsMinVersion, tlsClientCert, tlsClientKey } = account;
  const auth = authOf(account, tokens);
  return {
    host: relayHost(account),
    port: account.port,
    tls: account.tls,
    ...(tlsServername === null ? {} : { servername: tlsServername }),
    ...(tlsCa === null ? {} : { ca: tlsCa }),
    ...(tlsMinVersion === null ? {} : { minTlsVersion: tlsMinVersion }),
    ...(tlsClientCert === null || tlsClientKey === null
      ? {}
      : { clientCert: { cert: tlsClientCert, key: tlsClientKey } }),
    insecureTls: account.tlsInsecure,
    ...(auth === null ? {} : { auth }),
    ehloName: account.ehloName ?? settings.ehloName,
    timeouts: timeoutsOf(settings),
    ...(hostPolicy === null ? {} : { guard: createRelayGuard({ ...outgoing, ...hostPolicy }) }),
    ...(account.type === 'sandbox' ? { sandbox: { maxBytes: settings.sandboxMaxBytes } } : {}),
  };
}

/** Sandboxes have nothing to do with each other, so that none has the connections or the trouble of another one. */
export function relayHost({ type, pk, host }: Pick<AccountRelayRow, 'type' | 'pk' | 'host'>): string {
  return type === 'sandbox' ? `${pk}.${host}` : host;
}

function authOf(account: AccountRelayRow, tokens: OAuthTokens): SmtpAuth | null {
  const { pk, version, user, password, authMethod, oauth } = account;
  if (user === null) return null;
  return {
    user,
    method: authMethod,
    ...(password === null ? {} : { password }),
    ...(oauth === null ? {} : { token: tokens.source({ pk, version }, oauth) }),
  };
}

function timeoutsOf(settings: DeliverySettings): SmtpTimeouts {
  const { connectMs, greetingMs, commandMs, dataMs, blockMs, dotMs } = settings;
  return { ...RFC5321_TIMEOUTS, connectMs, greetingMs, commandMs, dataMs, blockMs, dotMs };
}

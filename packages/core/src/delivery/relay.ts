// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { DeliverySettings } from '../config/engine-config.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { PoolLimits } from '../smtp/pool.types.ts';
import type { SmtpRelay, SmtpTimeouts } from '../smtp/session.types.ts';
import { RFC5321_TIMEOUTS } from '../smtp/session.types.ts';

/** What the pool is asked for: whose connections, to where, how many. */
export interface PoolRequest {
  readonly key: string;
  readonly relay: SmtpRelay;
  readonly limits: PoolLimits;
}

/**
 * The connections that a message of this account uses. Of more than one, one is kept for immediate messages, so that
 * they never stand behind a queue that the relay takes slowly.
 */
export function poolRequest(account: AccountRelayRow, isImmediate: boolean, settings: DeliverySettings): PoolRequest {
  const isReserved = isImmediate && account.maxConnections > 1;
  return {
    key: poolKey(account, isReserved),
    relay: relayOf(account, settings),
    limits: {
      maxConnections: isReserved ? 1 : Math.max(1, account.maxConnections - 1),
      maxTransactionsPerConnection: account.maxMessagesPerConnection,
      maxAgeMs: settings.maxAgeMs,
      idleMs: settings.idleMs,
    },
  };
}

/** The settings' version is part of the key: a changed password never meets a connection opened with the old one. */
function poolKey({ pk, version }: AccountRelayRow, isReserved: boolean): string {
  return `${pk}:${version}${isReserved ? ':immediate' : ''}`;
}

function relayOf(account: AccountRelayRow, settings: DeliverySettings): SmtpRelay {
  const { user, password, tlsServername, tlsCa } = account;
  return {
    host: account.host,
    port: account.port,
    tls: account.tls,
    ...(tlsServername === null ? {} : { servername: tlsServername }),
    ...(tlsCa === null ? {} : { ca: tlsCa }),
    insecureTls: account.tlsInsecure,
    ...(user === null ? {} : { auth: { user, password: password ?? '' } }),
    ehloName: settings.ehloName,
    timeouts: timeoutsOf(settings),
  };
}

function timeoutsOf(settings: DeliverySettings): SmtpTimeouts {
  const { connectMs, greetingMs, commandMs, dataMs, blockMs, dotMs } = settings;
  return { ...RFC5321_TIMEOUTS, connectMs, greetingMs, commandMs, dataMs, blockMs, dotMs };
}

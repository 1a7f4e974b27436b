// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AccountRelayRow, RateLimits } from '../entities/account/account.model.ts';

const NO_LIMITS: RateLimits = { perMinute: null, perHour: null, perDay: null, unit: 'message' };

/** An account with nothing set that it can do without. */
export const PLAIN_ACCOUNT: AccountRelayRow = {
  pk: 'account',
  tenantId: 'acme',
  id: 'main',
  version: 1,
  type: 'smtp',
  host: 'relay.test',
  hostPolicy: null,
  port: 25,
  user: null,
  password: null,
  authMethod: 'auto',
  oauth: null,
  tls: 'none',
  tlsServername: null,
  tlsCa: null,
  tlsInsecure: false,
  tlsMinVersion: null,
  tlsClientCert: null,
  tlsClientKey: null,
  ehloName: null,
  maxConnections: 1,
  maxMessagesPerConnection: 100,
  weight: 1,
  limits: NO_LIMITS,
  limitBehavior: 'defer',
  retry: null,
  tenant: {
    weight: 1,
    limits: NO_LIMITS,
    retry: null,
    replyRules: [],
    suspendedAt: null,
    onInDoubt: 'retry',
    refuseOverLimit: false,
    suppression: null,
    room: { maxPending: null, maxBytes: null },
  },
};

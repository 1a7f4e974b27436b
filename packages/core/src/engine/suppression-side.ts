// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { type FindSuppressed, SuppressionCheck } from '../entities/suppression/suppression-check.ts';
import type { SuppressionPolicyInput } from '../entities/suppression/suppression-policy.ts';
import { isMailProxyError } from '../errors.ts';
import type { Suppressions } from '../mixin/suppressions.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { reachOf } from '../operations/principal.ts';
import type { Settlement } from '../queue/settle.ts';
import { StoppedMail } from './stopped-mail.ts';
import type { Stores } from './stores.ts';

export interface SuppressionSideParts {
  readonly stores: Pick<Stores, 'suppressions' | 'suppressionLookup'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'suppressed'>;
  /** Whether this process hears which lists others change. */
  readonly isTold: () => boolean;
  /** Tell other instances that a tenant's list was changed. */
  readonly tell: (tenantId: string) => void;
}

/** Where mail is held against the lists. */
export interface SuppressionSide {
  readonly find: FindSuppressed;
  /** A message was refused, as all of its recipients are suppressed, by these entries. */
  readonly refused: (entryPks: readonly string[]) => void;
  /** An attempt was settled: what entries stopped in it is counted, what it put onto the list is told. */
  readonly settled: (tenantId: string, settlement: Settlement) => void;
  /** Another instance changed the list of that tenant, or may have changed any. */
  readonly forget: (tenantId?: string) => void;
  /** Write down all that is still in memory only. */
  readonly flush: () => Promise<void>;
}

export function createSuppressionSide(parts: SuppressionSideParts): SuppressionSide {
  const { stores, clock, log, metrics, isTold, tell } = parts;
  const lookup = stores.suppressionLookup;
  const check = new SuppressionCheck({ lookup, clock, isTold });
  const stoppedMail = new StoppedMail({ clock, log, markStopped: (stopped) => lookup.markStopped(stopped) });
  const stopped = (at: 'acceptance' | 'sending', entryPks: readonly string[]): void => {
    metrics.suppressed(at, entryPks.length);
    stoppedMail.note(entryPks);
  };
  stores.suppressions.onChange((tenantId) => {
    check.forget(tenantId);
    tell(tenantId);
  });
  return {
    find: check.find,
    refused: (entryPks) => stopped('acceptance', entryPks),
    settled(tenantId, { stoppedBy = [], strikes = [] }) {
      if (stoppedBy.length > 0) stopped('sending', stoppedBy);
      if (strikes.length > 0) stores.suppressions.changed(tenantId);
    },
    forget: (tenantId) => check.forget(tenantId),
    flush: () => stoppedMail.flush(),
  };
}

/** What mixins are given. */
export function createSuppressions({
  suppress,
  suppressions,
  tenants,
}: Pick<Stores, 'suppress' | 'suppressions' | 'tenants'>): Suppressions {
  return {
    async suppress(strikes) {
      const policies = new Map<string, SuppressionPolicyInput | null>();
      for (const tenantId of new Set(strikes.map((strike) => strike.tenantId))) {
        policies.set(tenantId, await policyOf(tenants, tenantId));
      }
      return suppress(strikes.map((strike) => ({ ...strike, policy: policies.get(strike.tenantId) ?? null })));
    },
    changed: (tenantId) => suppressions.changed(tenantId),
  };
}

/** For a tenant that is gone the statements do nothing. */
async function policyOf(tenants: Stores['tenants'], tenantId: string): Promise<SuppressionPolicyInput | null> {
  try {
    return (await tenants.get(reachOf(tenantId), tenantId)).suppression;
  } catch (error) {
    if (isMailProxyError(error, 'not_found')) return null;
    throw error;
  }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { limitsOf as rateLimitsOf } from '../entities/account/account.model.ts';
import type { LaneAccount } from '../entities/lane/lane-account.store.ts';
import type { InFlight, LaneFigures } from '../queue/lane-figures.ts';
import type { AskedWindow, ReadLimits, WindowFigures } from '../queue/limit-figures.ts';
import { limitsOf, type RateWindow, windowsOf } from '../queue/rate-limits.ts';

/** A window of a lane's rate limits, and how full it is. */
export interface LimitView extends RateWindow, WindowFigures {}

interface Known {
  readonly figuresOf: ReadonlyMap<string, LaneFigures>;
  readonly inFlight: readonly InFlight[];
  readonly readLimits: ReadLimits;
  readonly now: number;
}

/** How full the limits of these accounts are; a window of a tenant is read once, however many of its accounts there are. */
export async function limitViews(
  accounts: readonly LaneAccount[],
  { figuresOf, inFlight, readLimits, now }: Known,
): Promise<ReadonlyMap<string, readonly LimitView[]>> {
  const asked = new Map<string, AskedWindow>();
  const flyingOf = new Flying(inFlight);
  const keysOf = new Map<string, readonly string[]>();
  for (const account of accounts) {
    const head = figuresOf.get(account.pk)?.head_units ?? 1;
    const keys = windowsOfAccount(account).map((window) => {
      const needed = window.unit === 'recipient' ? head : 1;
      const key = JSON.stringify([window.scope, window.windowMs, window.unit, needed]);
      asked.set(key, { ...window, needed, flying: flyingOf.window(window, account) });
      return key;
    });
    keysOf.set(account.pk, keys);
  }
  const windows = [...asked.values()];
  const read = await readLimits(windows, now);
  const views = new Map([...asked.keys()].map((key, index) => [key, viewOf(windows[index], read[index])]));
  const viewsOf = (keys: readonly string[]): readonly LimitView[] => keys.flatMap((key) => views.get(key) ?? []);
  return new Map([...keysOf].map(([pk, keys]) => [pk, viewsOf(keys)]));
}

function viewOf(window: AskedWindow | undefined, figures: WindowFigures | undefined): readonly LimitView[] {
  return window === undefined || figures === undefined ? [] : [{ ...window, ...figures }];
}

function windowsOfAccount(account: LaneAccount): readonly RateWindow[] {
  const limits = limitsOf({
    account: rateLimitsOf(account),
    tenant: rateLimitsOf({
      limit_per_minute: account.tenant_limit_per_minute,
      limit_per_hour: account.tenant_limit_per_hour,
      limit_per_day: account.tenant_limit_per_day,
      limit_unit: account.tenant_limit_unit,
    }),
  });
  return windowsOf({ accountPk: account.pk, tenantId: account.tenant_id }, limits);
}

/** What is in flight of accounts and of tenants. */
class Flying {
  readonly #messages = new Map<string, number>();
  readonly #recipients = new Map<string, number>();

  constructor(rows: readonly InFlight[]) {
    for (const { account_pk, tenant_id, messages, recipients } of rows) {
      for (const key of [`account:${account_pk}`, `tenant:${tenant_id}`]) {
        this.#messages.set(key, (this.#messages.get(key) ?? 0) + messages);
        this.#recipients.set(key, (this.#recipients.get(key) ?? 0) + recipients);
      }
    }
  }

  window({ scopeKind, unit }: RateWindow, { pk, tenant_id }: LaneAccount): number {
    const key = scopeKind === 'account' ? `account:${pk}` : `tenant:${tenant_id}`;
    return (unit === 'recipient' ? this.#recipients : this.#messages).get(key) ?? 0;
  }
}

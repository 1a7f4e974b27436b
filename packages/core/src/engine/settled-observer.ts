// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AccountStore } from '../entities/account/account.store.ts';
import type { TenantStore } from '../entities/tenant/tenant.store.ts';
import type { CombinedHooks } from '../mixin/hooks.ts';
import type { AccountCounter, AccountTally } from '../observability/account-counters.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { reachOfAll } from '../operations/principal.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { Settlement } from '../queue/settle.ts';

export interface SettledObserverParts {
  readonly accounts: Pick<AccountStore, 'relayRow'>;
  readonly tenants: Pick<TenantStore, 'get'>;
  readonly metrics: Pick<Metrics, 'tallyOf' | 'times'>;
  readonly hooks: Pick<CombinedHooks, 'delivered'>;
  readonly log: Log;
}

/** Labels of an account hardly ever change: a renamed tenant shows its new name after this many messages. */
const LABELS_KEPT_FOR = 1_000;

/** Counts and tells mixins what was settled, after the commit. Nothing here can fail a delivery. */
export class SettledObserver {
  readonly #parts: SettledObserverParts;
  readonly #tallies = new Map<string, { readonly tally: AccountTally; uses: number }>();

  constructor(parts: SettledObserverParts) {
    this.#parts = parts;
  }

  async settled(message: ClaimedMessage, settlement: Settlement): Promise<void> {
    const { hooks, log } = this.#parts;
    log.info(
      {
        messagePk: message.pk,
        tenantId: message.tenant_id,
        accountPk: message.account_pk,
        attempt: settlement.event.attempt,
        result: settlement.result ?? settlement.state,
      },
      'message settled',
    );
    await this.counted(message.account_pk, counterOf(settlement));
    const accepted = (settlement.event.detail.recipients ?? [])
      .filter((recipient) => recipient.state === 'sent')
      .map((recipient) => recipient.address);
    if (accepted.length === 0) return;
    await hooks.delivered({
      messagePk: message.pk,
      id: message.id,
      tenantId: message.tenant_id,
      accountPk: message.account_pk,
      attempt: settlement.event.attempt,
      messageId: message.message_id,
      accepted,
      at: settlement.now,
    });
  }

  /** Count something of a message of the account. */
  async counted(accountPk: string, counter: AccountCounter): Promise<void> {
    try {
      (await this.#tallyOf(accountPk))[counter] += 1;
    } catch (error) {
      this.#parts.log.warn({ accountPk, err: error }, 'a message could not be counted');
    }
  }

  /** A message had to wait for a rate limit, or was rejected for it. */
  async limited(message: ClaimedMessage, isRejected: boolean, now: number): Promise<void> {
    const { metrics, log } = this.#parts;
    if (!isRejected) metrics.times.waitedForLimit(now - message.eligible_at);
    try {
      const tally = await this.#tallyOf(message.account_pk);
      tally.rateLimited += 1;
      if (!isRejected) tally.deferred += 1;
    } catch (error) {
      log.warn({ accountPk: message.account_pk, err: error }, 'a message could not be counted');
    }
  }

  /** Show an account in the metrics before anything happened to it. */
  async announce(accountPk: string): Promise<void> {
    this.#tallies.delete(accountPk);
    await this.#tallyOf(accountPk);
  }

  async #tallyOf(accountPk: string): Promise<AccountTally> {
    const known = this.#tallies.get(accountPk);
    if (known !== undefined && known.uses < LABELS_KEPT_FOR) {
      known.uses += 1;
      return known.tally;
    }
    const { id, tenantId } = await this.#parts.accounts.relayRow(accountPk);
    const { name } = await this.#parts.tenants.get(reachOfAll(), tenantId);
    const labels = { tenant_id: tenantId, tenant_name: name ?? tenantId, account_id: id, account_name: id };
    const tally = this.#parts.metrics.tallyOf(labels);
    this.#tallies.set(accountPk, { tally, uses: 0 });
    return tally;
  }
}

function counterOf({ state, result }: Settlement): AccountCounter {
  if (state !== 'final') return 'deferred';
  return result === 'sent' || result === 'partially_sent' ? 'sent' : 'errors';
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReportLag } from '../entities/message-event/report-cursor.store.ts';
import { isMailProxyError } from '../errors.ts';
import { WakeUp } from '../wake-up.ts';
import { brokenDelayMs } from './report-backoff.ts';
import type { ReporterParts } from './reporter-parts.ts';
import { serveTenant } from './serve-tenant.ts';
import { PLAIN_TURN, TenantSchedule, type Turn } from './tenant-schedule.ts';

export interface ReporterStats extends ReportLag {
  /** Tenants being served at this moment. */
  readonly running: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Tells tenants what became of their messages. */
export interface Reporter {
  /**
   * Serve tenants until `signal` aborts; returns once the calls under way have ended, each within its time-out.
   *
   * @param abandon breaks off the calls under way too; their events come again
   */
  run(signal: AbortSignal, abandon?: AbortSignal): Promise<void>;
  /** There are new events: of this tenant, or of some. Cheap; call it after each commit of events. */
  wake(tenantId?: string): void;
  /** Call now, whatever back-off and do-not-disturb say, also without news: this tenant, or all with an endpoint. */
  runNow(tenantId?: string): void;
  stats(): Promise<ReporterStats>;
}

/** How often it is looked for what no wake-up told of: events of other instances, and of the life before. */
const SCAN_MS = 30_000;
/** Pause after the database failed. */
const DATABASE_PAUSE_MS = 1_000;

const FRESH_TURN: Turn = { ...PLAIN_TURN, fresh: true };

/**
 * Make the reporter. Events are pushed per tenant in the order of `seq`, and a batch is over only when the endpoint
 * said so; whatever happens before that, it comes again with the same event ids.
 */
export function createReporter(parts: ReporterParts): Reporter {
  const { clock, events, exceptions, sequencer, log, settings } = parts;
  const schedule = new TenantSchedule(settings.concurrency);
  const bell = new WakeUp(clock);
  const scanEveryMs = Math.min(SCAN_MS, settings.intervalMs);
  let scan: 'due' | 'forced' | null = 'due';
  /** Turns in a row that broke off, by tenant. */
  const brokenOff = new Map<string, number>();

  const wakeFor = (tenantIds: Iterable<string>, turn: Turn): void => {
    for (const tenantId of tenantIds) schedule.wake(tenantId, clock.monotonic(), turn);
  };

  async function scanTenants(force: boolean): Promise<void> {
    const now = clock.now();
    wakeFor(await sequencer.tenantsWithFreshEvents(), FRESH_TURN);
    wakeFor(await events.tenantsToTell(), { ...PLAIN_TURN, force });
    const everybody = Number.MAX_SAFE_INTEGER;
    wakeFor(await exceptions.tenantsWithDue(force ? everybody : now), { ...PLAIN_TURN, force });
    const greeted = force
      ? await events.tenantsToGreet(everybody, everybody)
      : await events.tenantsToGreet(now - settings.intervalMs, now);
    wakeFor(greeted, { ...PLAIN_TURN, force });
  }

  async function serve(tenantId: string, turn: Turn, abandon: AbortSignal): Promise<void> {
    try {
      schedule.end(tenantId, clock.monotonic(), await serveTenant(parts, tenantId, turn, abandon));
      brokenOff.delete(tenantId);
    } catch (error) {
      log.error({ tenantId, err: error }, 'reporting to a tenant broke off');
      const now = clock.monotonic();
      const pauseMs = pauseAfter(tenantId, error);
      schedule.end(tenantId, now, { failing: false, next: { atMs: now + pauseMs, turn }, restMs: pauseMs });
    }
    bell.set();
  }

  /** What comes back with the database does so soon; of all else the endpoint may have been called each time. */
  function pauseAfter(tenantId: string, error: unknown): number {
    if (isMailProxyError(error, 'database_unavailable')) return DATABASE_PAUSE_MS;
    const turns = (brokenOff.get(tenantId) ?? 0) + 1;
    brokenOff.set(tenantId, turns);
    const wanted = isMailProxyError(error) ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(brokenDelayMs(turns), wanted);
  }

  async function run(signal: AbortSignal, abandon: AbortSignal = new AbortController().signal): Promise<void> {
    const serving = new Set<Promise<void>>();
    let nextScanAt = clock.monotonic();
    while (!signal.aborted) {
      if (scan !== null || clock.monotonic() >= nextScanAt) {
        const force = scan === 'forced';
        scan = null;
        nextScanAt = clock.monotonic() + scanEveryMs;
        try {
          await scanTenants(force);
        } catch (error) {
          log.error({ err: error }, 'looking for tenants to report to failed');
          if (force) scan = 'forced';
          nextScanAt = clock.monotonic() + DATABASE_PAUSE_MS;
        }
      }
      for (let next = begin(signal); next !== null; next = begin(signal)) {
        const served = serve(next.tenantId, next.turn, abandon).finally(() => serving.delete(served));
        serving.add(served);
      }
      const until = Math.min(nextScanAt, schedule.nextDueAt ?? Number.POSITIVE_INFINITY);
      await bell.wait(signal, until - clock.monotonic());
    }
    await Promise.all(serving);
  }

  const begin = (signal: AbortSignal) => (signal.aborted ? null : schedule.begin(clock.monotonic()));

  return {
    run,
    wake(tenantId) {
      if (tenantId === undefined) scan ??= 'due';
      else wakeFor([tenantId], FRESH_TURN);
      bell.set();
    },
    runNow(tenantId) {
      if (tenantId === undefined) scan = 'forced';
      else wakeFor([tenantId], { ...FRESH_TURN, force: true });
      bell.set();
    },
    async stats() {
      return { ...(await events.lag()), running: schedule.running, now: clock.now() };
    },
  };
}

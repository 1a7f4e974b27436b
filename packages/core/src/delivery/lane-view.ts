// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AccountPause, isOver, pauseIn } from '../entities/account/account-pause.store.ts';
import type { LaneOutput, LaneState } from '../entities/lane/lane.schema.ts';
import type { LaneAccount } from '../entities/lane/lane-account.store.ts';
import type { WaitingFor } from '../entities/message/waiting-for.ts';
import type { TrafficCounts } from '../entities/statistics/statistics.table.ts';
import { rfc3339, rfc3339OrNull } from '../operations/fields.ts';
import type { LaneFigures } from '../queue/lane-figures.ts';
import { type Gate, pauseGates } from '../queue/lane-gates.ts';
import { HOUR_MS, MINUTE_MS } from '../queue/rate-limits.ts';
import type { ClaimWait } from './claim-line.ts';
import { waitingForGate, waitingToBeClaimed } from './explain.ts';
import type { LimitView } from './limit-views.ts';

/** All that is known of a lane. */
export interface LaneFacts {
  readonly account: LaneAccount;
  readonly figures: LaneFigures | undefined;
  readonly running: number;
  readonly limits: readonly LimitView[];
  /** The operator stopped all sending. */
  readonly isPaused: boolean;
  readonly claimWaits: readonly ClaimWait[];
  readonly connections: number;
  readonly lastMinute: TrafficCounts;
  readonly now: number;
}

type LaneWait = NonNullable<LaneOutput['waiting_for']>;
type Counts = Pick<LaneOutput, 'ready' | 'deferred' | 'held' | 'preparing' | 'running'>;

/** A lane as it is shown. */
export function laneView(facts: LaneFacts): LaneOutput {
  const { account, figures, running, connections, lastMinute, now } = facts;
  const counts: Counts = {
    ready: figures?.ready ?? 0,
    deferred: figures?.deferred ?? 0,
    held: (figures?.held ?? 0) + (figures?.suspended ?? 0) + (figures?.in_doubt ?? 0),
    preparing: figures?.preparing ?? 0,
    running,
  };
  const due = [figures?.immediate_due_at, figures?.due_at].filter((at) => at !== null && at !== undefined);
  const { sent, failed, deferred } = lastMinute;
  return {
    tenant_id: account.tenant_id,
    account_id: account.id,
    account_pk: account.pk,
    host: `${account.host}:${account.port}`,
    state: stateOf(facts, counts),
    waiting_for: waitOf(facts, counts),
    ...counts,
    connections,
    oldest_due_at: due.length === 0 ? null : rfc3339(Math.min(...due)),
    pause: pauseView(pauseOf(account, now)),
    limits: facts.limits.map(limitOutput),
    last_minute: { sent, failed, deferred },
  };
}

function stateOf({ account, isPaused, now }: LaneFacts, counts: Counts): LaneState {
  if (account.tenant_suspended_at !== null) return 'suspended';
  if (isPaused || pauseOf(account, now) !== null) return 'paused';
  if (counts.running > 0) return 'sending';
  return isEmpty(counts) ? 'idle' : 'waiting';
}

function isEmpty({ ready, deferred, held, preparing }: Counts): boolean {
  return ready + deferred + held + preparing === 0;
}

/** Of all that keeps the lane what comes first; where nothing is ready, what makes the next message so. */
function waitOf(facts: LaneFacts, counts: Counts): LaneWait | null {
  const [stop] = stopsOf(facts);
  if (stop !== undefined) return shown(waitingForGate(stop));
  if (counts.ready > 0) return readyWait(facts, counts);
  if (counts.running > 0 || isEmpty(counts)) return null;
  return parkedWait(facts.figures);
}

/** What stops the lane whatever is in it. */
function stopsOf({ account, isPaused, now }: LaneFacts): readonly Gate[] {
  const gates: Gate[] = [];
  if (isPaused) gates.push({ kind: 'instance_paused', scope: 'instance', until: null });
  if (account.tenant_suspended_at !== null) gates.push({ kind: 'tenant_suspended', scope: 'tenant', until: null });
  const pause = pauseOf(account, now);
  return pause === null ? gates : [...gates, ...pauseGates(pause, now)];
}

function readyWait({ limits, claimWaits }: LaneFacts, { ready, running }: Counts): LaneWait | null {
  const full = limits.filter(({ freeAt }) => freeAt !== null).toSorted((a, b) => (b.freeAt ?? 0) - (a.freeAt ?? 0));
  const [{ scopeKind: scope, windowMs, limit, freeAt, isSpent } = NO_LIMIT] = full;
  if (freeAt !== null) {
    return shown(waitingForGate({ kind: 'rate_limited', scope, windowMs, limit, until: freeAt, isSpent }));
  }
  const [claimWait] = claimWaits;
  if (claimWait !== undefined) return shown(waitingToBeClaimed(claimWait));
  if (running > 0) return null;
  return { kind: 'turn', scope: 'lane', until: null, detail: `${ready} messages wait for their turn` };
}

const NO_LIMIT = { scopeKind: 'account', windowMs: 0, limit: 0, freeAt: null, isSpent: false } as const;

function parkedWait(figures: LaneFigures | undefined): LaneWait | null {
  const { next_due_at, is_retry, preparing = 0, held = 0, in_doubt = 0 } = figures ?? {};
  if (preparing > 0) return { kind: 'attachments', scope: 'message', until: null, detail: 'attachments are fetched' };
  if (next_due_at !== null && next_due_at !== undefined) {
    const kind = is_retry === 1 ? 'retry' : 'scheduled';
    const detail = kind === 'retry' ? 'the next message is tried again then' : 'the next message is sent then';
    return { kind, scope: 'message', until: rfc3339(next_due_at), detail };
  }
  if (held > 0) return { kind: 'held', scope: 'message', until: null, detail: 'held by hand, until released' };
  if (in_doubt > 0) {
    return { kind: 'in_doubt', scope: 'message', until: null, detail: 'to be confirmed, or tried again' };
  }
  return { kind: 'batch_suspended', scope: 'batch', until: null, detail: 'all that waits is of suspended batches' };
}

function shown({ kind, scope, detail, until }: WaitingFor): LaneWait {
  return { kind, scope, detail, until };
}

/** One that is over is none. */
function pauseOf(account: LaneAccount, now: number): AccountPause | null {
  const pause = pauseIn(account.pk, {
    since: account.pause_since,
    until_at: account.pause_until_at,
    failures: account.pause_failures,
    reason: account.pause_reason,
    by_hand: account.pause_by_hand,
  });
  return pause === null || isOver(pause, now) ? null : pause;
}

function pauseView(pause: AccountPause | null): LaneOutput['pause'] {
  if (pause === null) return null;
  const { since, until, failures, reason, isByHand } = pause;
  const { stage, code, enhanced, reply } = reason;
  return {
    kind: isByHand ? 'manual' : 'failures',
    since: rfc3339(since),
    until: rfc3339OrNull(until),
    failures,
    reason: { stage, code, enhanced, reply },
  };
}

function limitOutput({ scopeKind, windowMs, unit, limit, used, freeAt }: LimitView): LaneOutput['limits'][number] {
  const per = windowMs === MINUTE_MS ? 'minute' : windowMs === HOUR_MS ? 'hour' : 'day';
  return { scope: scopeKind, per, unit, limit, used, free_at: rfc3339OrNull(freeAt) };
}

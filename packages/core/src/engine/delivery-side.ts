// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { runAttempt } from '../delivery/run-attempt.ts';
import { SessionKeeper } from '../delivery/session-keeper.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { CombinedHooks } from '../mixin/hooks.ts';
import type { Log } from '../observability/log.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import { lanesOf } from '../queue/lanes.ts';
import type { Settlement } from '../queue/settle.ts';
import { createSmtpPool } from '../smtp/pool.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
import type { Stores } from './stores.ts';

export interface DeliverySideParts {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hooks: CombinedHooks;
  readonly onSettled: (message: ClaimedMessage, settlement: Settlement) => void;
  /** Messages of dead sessions got events. */
  readonly onRescued: () => void;
}

/** The parts that deliver, wired to each other. */
export interface DeliverySide {
  readonly keeper: SessionKeeper;
  readonly dispatcher: Dispatcher;
  readonly pool: SmtpPool;
}

/** A message that waits for a connection, or for the commit of its outcome, leaves the connections to others. */
const RUNNING_PER_CONNECTION = 2;

export function createDeliverySide(parts: DeliverySideParts): DeliverySide {
  const { config, database, stores, clock, random, log, hooks, onSettled } = parts;
  const pool = createSmtpPool({ clock });
  const keeper = new SessionKeeper({
    sessions: stores.sessions,
    clock,
    log,
    instance: config.instanceName,
    leaseMs: config.delivery.leaseMs,
    isExclusive: database.dialect.isExclusive,
    onRescued: (messages) => {
      for (const lane of lanesOf(messages)) dispatcher.arrived(lane, true);
      parts.onRescued();
    },
  });
  const attemptServices = {
    clock,
    random,
    log,
    keeper,
    pool,
    hooks,
    load: stores.load,
    accounts: stores.accounts,
    settle: stores.settle,
    settings: config.delivery,
    policy: config.retry,
    onSettled,
  };
  const dispatcher = new Dispatcher({
    clock,
    log,
    keeper,
    claim: stores.claim,
    release: stores.release,
    findLanes: stores.findLanes,
    promotion: stores.promotion,
    settings: config.delivery,
    capacityOf: async (pk) => RUNNING_PER_CONNECTION * (await stores.accounts.relayRow(pk)).maxConnections,
    attempt: (message, signal) => runAttempt(message, attemptServices, signal),
  });
  return { keeper, dispatcher, pool };
}

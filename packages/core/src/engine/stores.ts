// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { createAccountStore } from '../entities/account/account.store.ts';
import { createApiKeyStore } from '../entities/api-key/api-key.store.ts';
import { createCommandLogStore } from '../entities/command-log/command-log.store.ts';
import { createInstanceStore } from '../entities/instance/instance.store.ts';
import { createMessageStore } from '../entities/message/message.store.ts';
import { createMessageEventStore } from '../entities/message-event/message-event.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { createStorageStore } from '../entities/storage/storage.store.ts';
import { createTenantStore } from '../entities/tenant/tenant.store.ts';
import type { MakePk } from '../identity.ts';
import { prepareAccept } from '../queue/accept.ts';
import { prepareCancel } from '../queue/cancel.ts';
import { prepareClaim } from '../queue/claim.ts';
import { prepareFindLanes } from '../queue/lanes.ts';
import { prepareLoadClaimed } from '../queue/load-claimed.ts';
import { preparePromotion } from '../queue/promote.ts';
import { prepareRelease } from '../queue/release.ts';
import { createSequencer } from '../queue/sequence-events.ts';
import { createSessionStore } from '../queue/sessions.ts';
import { prepareSettle } from '../queue/settle.ts';
import type { Sealer } from '../secrets/sealer.ts';

export interface StoreParts {
  readonly database: Database<CoreSchema>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly makePk: MakePk;
  readonly config: EngineConfig;
}

/** Every query of the engine, compiled once. */
export function createStores({ database, sealer, clock, makePk, config }: StoreParts) {
  const { priorityStepMs } = config.delivery;
  return {
    instances: createInstanceStore(database),
    tenants: createTenantStore(database, sealer),
    apiKeys: createApiKeyStore(database, clock),
    accounts: createAccountStore(database, sealer, clock),
    storages: createStorageStore(database, sealer),
    messages: createMessageStore(database),
    messageEvents: createMessageEventStore(database),
    commandLog: createCommandLogStore(database),
    sessions: createSessionStore(database, makePk),
    sequencer: createSequencer(database),
    promotion: preparePromotion(database, priorityStepMs),
    accept: prepareAccept(database, priorityStepMs),
    claim: prepareClaim(database),
    load: prepareLoadClaimed(database),
    settle: prepareSettle(database, makePk),
    release: prepareRelease(database),
    cancel: prepareCancel(database, makePk),
    findLanes: prepareFindLanes(database),
  };
}

export type Stores = ReturnType<typeof createStores>;

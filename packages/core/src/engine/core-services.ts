// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { StorageBackend } from '../attachments/storages/storage-backend.ts';
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { clearMail } from '../entities/message/clear-mail.ts';
import { KeysInFlight } from '../entities/message/keys-in-flight.ts';
import type { TenantRoom } from '../entities/message/tenant-room.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { Traffic } from '../entities/statistics/traffic.ts';
import type { MakePk } from '../identity.ts';
import type { CombinedHooks } from '../mixin/hooks.ts';
import type { LogThreshold } from '../observability/log-level.ts';
import type { Traces } from '../observability/traces.ts';
import { reachOf } from '../operations/principal.ts';
import type { ReportSink } from '../reporting/report-transport.ts';
import type { Reporter } from '../reporting/reporter.ts';
import { resolveRetention, retentionOfConfig } from '../retention.ts';
import type { AccessSide } from './access-side.ts';
import type { AttachmentSide } from './attachment-side.ts';
import { createBackups } from './backups.ts';
import type { DeliverySide } from './delivery-side.ts';
import type { EncryptionSide } from './encryption-side.ts';
import type { EventWaits } from './event-waits.ts';
import type { Intake } from './intake.ts';
import type { CoreServices } from './operations.ts';
import type { PeerNotices } from './peer-notices.ts';
import { createStatisticsServices } from './statistics-side.ts';
import type { Stores } from './stores.ts';
import type { SuppressionSide } from './suppression-side.ts';
import { VERSION } from './version.ts';

export interface CoreServicesParts {
  readonly config: EngineConfig;
  readonly database: Database<CoreSchema>;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly makePk: MakePk;
  readonly mixed: { readonly hooks: Pick<CombinedHooks, 'accepting' | 'needsPreparing'> };
  readonly encryption: Pick<EncryptionSide, 'services'>;
  readonly storageBackends: readonly StorageBackend[];
  readonly reportSink: ReportSink | undefined;
  readonly delivery: DeliverySide;
  readonly attachments: AttachmentSide;
  readonly access: Pick<AccessSide, 'writeRefused'>;
  readonly suppression: Pick<SuppressionSide, 'find' | 'refused'>;
  readonly reporter: Pick<Reporter, 'wake' | 'runNow'>;
  readonly notices: Pick<PeerNotices, 'tell'>;
  readonly intake: Intake;
  readonly room: TenantRoom;
  readonly traffic: Traffic;
  readonly traces: Traces;
  readonly logThreshold: LogThreshold | null;
  readonly waits: Pick<EventWaits, 'wait'>;
  /** Messages are due whose attachments are to be fetched. */
  readonly prepare: () => void;
  readonly edition: 'community' | 'enterprise';
  readonly mixins: readonly string[];
}

/** What the operations use, out of the parts of an engine. What another instance has to know is told to it, too. */
export function createCoreServices(parts: CoreServicesParts): CoreServices {
  const { config, stores, clock, makePk, database, notices, reporter, reportSink } = parts;
  const { dispatcher, preparer, keeper, flights, health, explain, limitGate, verify } = parts.delivery;
  const finished = stores.finishedMail(reportSink !== undefined);
  const services: CoreServices = {
    ...stores,
    ...parts.attachments,
    ...parts.intake,
    ...createStatisticsServices({ clock, stores, delivery: parts.delivery, traffic: parts.traffic }),
    encryption: parts.encryption.services,
    clock,
    makePk,
    writeRefused: parts.access.writeRefused,
    findSuppressed: parts.suppression.find,
    suppressionRefused: parts.suppression.refused,
    accepting: parts.mixed.hooks.accepting,
    needsPreparing: parts.mixed.hooks.needsPreparing,
    maxBatch: config.limits.maxBatch,
    maxRecipients: config.limits.maxRecipients,
    keysInFlight: new KeysInFlight(),
    room: parts.room,
    traces: parts.traces,
    logThreshold: parts.logThreshold,
    waitingUsage: stores.waitingUsage,
    finished,
    keptMs: async (reach, tenantId) =>
      resolveRetention(retentionOfConfig(config.retention), (await stores.tenants.get(reach, tenantId)).retention)
        .metadata,
    tenantsOf: ({ tenantId }) => (tenantId === null ? stores.tenants.listReportTargets() : Promise.resolve([tenantId])),
    clearMail: (owner, mode) => clearMail({ ...services, finished }, owner, mode),
    idempotencyMs: config.limits.idempotencyMs,
    retry: config.retry,
    limitGate,
    explain,
    session: () => keeper.number,
    stopFlight: (pk) => flights.cancel(pk),
    giveBack: async ({ pk, tenant_id: tenantId, account_pk: accountPk }) => {
      await stores.release([{ pk, owner_session: keeper.number }], clock.now());
      dispatcher.arrived({ accountPk, tenantId }, true);
    },
    batchSuspended: async (batch) => {
      dispatcher.batchSuspended(batch);
      notices.tell({ kind: 'batchSuspended', ...batch });
      await stores.untilGivenBack(batch, keeper.number);
    },
    tenantSuspended: async (tenantId) => {
      // At once: the gates that close its lanes are read from the database.
      dispatcher.drop((message) => message.tenant_id === tenantId);
      await stores.untilGivenBack({ tenantId, batchCode: null }, keeper.number);
    },
    storageBackends: parts.storageBackends,
    wake: (lanes) => {
      for (const lane of lanes) dispatcher.arrived(lane, true);
    },
    prepare: parts.prepare,
    stopPreparing: (pk) => preparer.drop(pk),
    rescheduled: () => dispatcher.scheduled(),
    told: (tenantId) => reporter.wake(tenantId),
    waitForEvents: (tenantId, wait) => parts.waits.wait(tenantId, wait),
    isTold: async (tenantId) =>
      reportSink !== undefined || (await stores.tenants.get(reachOf(tenantId), tenantId)).client_base_url !== null,
    syncNow: (tenantId) => reporter.runNow(tenantId),
    pauseAccount: (account, how) => health.stopped(account, how),
    resumeAccount: (account, ended) => health.works(account, ended),
    verifyAccount: verify,
    pausedChanged: async (isPaused) => {
      dispatcher.pausedChanged(isPaused);
      notices.tell({ kind: 'instancePaused', isPaused });
      if (isPaused) await stores.untilGivenBack({ tenantId: null, batchCode: null }, keeper.number);
    },
    backUp: createBackups(database, config).begin,
    runNow: (tenantId) => {
      dispatcher.lookAgain();
      reporter.runNow(tenantId ?? undefined);
    },
    running: {
      name: config.instanceName,
      version: VERSION,
      edition: parts.edition,
      mixins: parts.mixins,
      database: database.dialect.name,
      startedAt: clock.now(),
      session: () => keeper.number,
      sends: () => dispatcher.load,
    },
  };
  return services;
}

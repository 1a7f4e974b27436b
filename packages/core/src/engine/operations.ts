// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { type AccountServices, accountOperations } from '../entities/account/account.operations.ts';
import { apiKeyOperations } from '../entities/api-key/api-key.operations.ts';
import { instanceTokenOperations } from '../entities/api-key/instance-token.operations.ts';
import type { ApiKeyServices } from '../entities/api-key/key-commands.ts';
import { callerOperations } from '../entities/caller/caller.operations.ts';
import {
  type CapturedMailServices,
  capturedMailOperations,
} from '../entities/captured-mail/captured-mail.operations.ts';
import { type CommandLogServices, commandLogOperations } from '../entities/command-log/command-log.operations.ts';
import { type DkimKeyServices, dkimKeyOperations } from '../entities/dkim-key/dkim-key.operations.ts';
import {
  type EncryptionServices,
  encryptionKeyOperations,
} from '../entities/encryption-key/encryption-key.operations.ts';
import { type BackupServices, backUpInstance } from '../entities/instance/backup.operations.ts';
import { type InstanceServices, instanceOperations } from '../entities/instance/instance.operations.ts';
import { type LogLevelServices, logLevelOperations } from '../entities/instance/log-level.operations.ts';
import { type LaneServices, laneOperations } from '../entities/lane/lane.operations.ts';
import { messageOperations } from '../entities/message/message.operations.ts';
import { type HistoryServices, listMessageEvents } from '../entities/message/message-events.operations.ts';
import type { MessageServices } from '../entities/message/message-services.ts';
import type { RemovalServices } from '../entities/message/removal.operations.ts';
import {
  type MessageEventServices,
  messageEventOperations,
} from '../entities/message-event/message-event.operations.ts';
import { reportOperations } from '../entities/report/report.operations.ts';
import type { ReportServices } from '../entities/report/report-services.ts';
import { signingSecretOperations } from '../entities/report/signing-secret.operations.ts';
import { type StatisticsServices, statisticsOperations } from '../entities/statistics/statistics.operations.ts';
import { type StorageServices, storageOperations } from '../entities/storage/storage.operations.ts';
import { type SuppressionServices, suppressionOperations } from '../entities/suppression/suppression.operations.ts';
import { type TenantServices, tenantOperations } from '../entities/tenant/tenant.operations.ts';
import type { AnyOperation } from '../operations/operation.ts';

/** What the operations of core use, all together. */
export type CoreServices = TenantServices &
  ApiKeyServices &
  AccountServices &
  DkimKeyServices &
  StorageServices &
  SuppressionServices &
  CapturedMailServices &
  CommandLogServices &
  MessageServices &
  RemovalServices &
  HistoryServices &
  MessageEventServices &
  ReportServices &
  LaneServices &
  StatisticsServices &
  InstanceServices &
  LogLevelServices &
  BackupServices &
  EncryptionServices;

/**
 * Everything that can be done, in the order in which it is shown. HTTP routes, the OpenAPI document and the command
 * line are loops over this list and the mixins' operations.
 */
export const coreOperations: readonly AnyOperation[] = [
  ...tenantOperations,
  ...apiKeyOperations,
  ...accountOperations,
  ...laneOperations,
  ...dkimKeyOperations,
  ...messageOperations,
  listMessageEvents,
  ...messageEventOperations,
  ...capturedMailOperations,
  ...reportOperations,
  ...signingSecretOperations,
  ...storageOperations,
  ...suppressionOperations,
  ...statisticsOperations,
  ...instanceOperations,
  ...logLevelOperations,
  backUpInstance,
  ...callerOperations,
  ...instanceTokenOperations,
  ...encryptionKeyOperations,
  ...commandLogOperations,
];

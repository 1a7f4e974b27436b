// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AccountPausesTable, AccountsTable } from './account/account.table.ts';
import type { ApiKeysTable } from './api-key/api-key.table.ts';
import type {
  CapturedContentsTable,
  CapturedMailsTable,
  CapturedRecipientsTable,
} from './captured-mail/captured-mail.table.ts';
import type { CommandLogTable } from './command-log/command-log.table.ts';
import type { DkimKeysTable } from './dkim-key/dkim-key.table.ts';
import type { ContentKeysTable, EncryptionKeysTable } from './encryption-key/encryption-key.table.ts';
import type { IdempotencyKeysTable } from './idempotency-key/idempotency-key.table.ts';
import type { InstanceTable, SessionsTable } from './instance/instance.table.ts';
import type {
  AttachmentChunksTable,
  AttachmentContentsTable,
  MessageAttachmentsTable,
  MessageContentsTable,
  MessageEndsTable,
  MessageRecipientsTable,
  MessagesTable,
} from './message/message.table.ts';
import type {
  MessageEventsTable,
  MessageFeedbackTable,
  ReportCursorsTable,
} from './message-event/message-event.table.ts';
import type { RateUsesTable } from './rate-use.table.ts';
import type {
  GivenUpEventsTable,
  ReportCallsTable,
  ReportExceptionsTable,
  SigningSecretsTable,
} from './report/report.table.ts';
import type { ConnectionSharesTable, LeasesTable } from './shared-rights.table.ts';
import type { TenantTrafficMinutesTable, TrafficMinutesTable } from './statistics/statistics.table.ts';
import type { StoragesTable } from './storage/storage.table.ts';
import type { SuppressionStrikesTable, SuppressionsTable } from './suppression/suppression.table.ts';
import type { SuspendedBatchesTable, TenantsTable } from './tenant/tenant.table.ts';

/** All tables of core. Enterprise tables are their mixins' own. */
export interface CoreSchema {
  readonly instance: InstanceTable;
  readonly sessions: SessionsTable;
  readonly tenants: TenantsTable;
  readonly api_keys: ApiKeysTable;
  readonly accounts: AccountsTable;
  readonly storages: StoragesTable;
  readonly messages: MessagesTable;
  readonly message_contents: MessageContentsTable;
  readonly message_attachments: MessageAttachmentsTable;
  readonly attachment_contents: AttachmentContentsTable;
  readonly attachment_chunks: AttachmentChunksTable;
  readonly message_recipients: MessageRecipientsTable;
  readonly message_ends: MessageEndsTable;
  readonly message_events: MessageEventsTable;
  readonly message_feedback: MessageFeedbackTable;
  readonly idempotency_keys: IdempotencyKeysTable;
  readonly report_cursors: ReportCursorsTable;
  readonly report_exceptions: ReportExceptionsTable;
  readonly given_up_events: GivenUpEventsTable;
  readonly report_calls: ReportCallsTable;
  readonly signing_secrets: SigningSecretsTable;
  readonly command_log: CommandLogTable;
  readonly account_pauses: AccountPausesTable;
  readonly suspended_batches: SuspendedBatchesTable;
  readonly rate_uses: RateUsesTable;
  readonly dkim_keys: DkimKeysTable;
  readonly leases: LeasesTable;
  readonly connection_shares: ConnectionSharesTable;
  readonly encryption_keys: EncryptionKeysTable;
  readonly content_keys: ContentKeysTable;
  readonly traffic_minutes: TrafficMinutesTable;
  readonly tenant_traffic_minutes: TenantTrafficMinutesTable;
  readonly captured_mails: CapturedMailsTable;
  readonly captured_recipients: CapturedRecipientsTable;
  readonly captured_contents: CapturedContentsTable;
  readonly suppressions: SuppressionsTable;
  readonly suppression_strikes: SuppressionStrikesTable;
}

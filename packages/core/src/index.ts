// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export type { AttachmentBody } from './attachments/attachment-body.ts';
export { AttachmentFailure, type AttachmentFailureCode } from './attachments/attachment-failure.ts';
export { BASE64_PREFIX, Base64Bytes } from './attachments/base64-bytes.ts';
export { checkAbsolutePath } from './attachments/files/contained-path.ts';
export { isContained, locateContained, locateFolders, type RealFolders } from './attachments/files/locate-contained.ts';
export { type OpenFile, openContained } from './attachments/files/open-contained.ts';
export * from './attachments/storages/storage-backend.ts';
export { UploadedFile } from './attachments/uploaded-file.ts';
export type { Uploads } from './attachments/uploads.ts';
export type { BackupFacts } from './backup/backup-facts.ts';
export type { FoundRepeats, MayRepeat, SinceThen } from './backup/may-repeat.ts';
export * from './clock.ts';
export { checkRoot, rootsOf } from './config/attachment-roots.ts';
export * from './config/engine-config.ts';
export * from './config/ip-ranges.ts';
export type * from './config/postgres-pool.ts';
export { type Database, UniqueViolation } from './database/database.ts';
export type { Migration, MigrationList } from './database/migrations/migration.ts';
export type { PlannedStep } from './database/migrations/plan.ts';
export { exactlyOne, type Prepared, type Statement } from './database/statement.ts';
export type { TokenOrigin } from './engine/authenticate.ts';
export { createMailEngine } from './engine/create-mail-engine.ts';
export type {
  JoinedBatchResult,
  MailEngine,
  MailEngineOptions,
  Readiness,
  SubmitOptions,
} from './engine/engine.types.ts';
export type { EventStreamOptions } from './engine/event-stream.ts';
export * from './engine/import-genro.ts';
export * from './engine/migrate-database.ts';
export { coreOperations } from './engine/operations.ts';
export type { RequestPlace } from './engine/request-places.ts';
export * from './engine/restore-database.ts';
export * from './engine/transfer-database.ts';
export { VERSION } from './engine/version.ts';
export * as accountFields from './entities/account/account.fields.ts';
export { RELAY_FIELDS } from './entities/account/account.settings.ts';
export type { BatchResult, MessageInput, RawMessageInput } from './entities/message/message.schema.ts';
export type { CoreSchema } from './entities/schema.ts';
export * from './errors.ts';
export { GENRO_KINDS, type GenroCount, type GenroFinding, type GenroKind } from './genro/findings.ts';
export { GENRO_SUPPRESSION, genroTls } from './genro/old-rules.ts';
export { genroKeyOfText, readGenroKey } from './genro/old-secrets.ts';
export type { MakePk } from './identity.ts';
export * from './mixin/contract.ts';
export * from './mixin/events.ts';
export * from './mixin/extensions.ts';
export * from './mixin/hooks.ts';
export * from './mixin/load.ts';
export type { PublicRoute } from './mixin/routes.ts';
export * from './mixin/suppressions.ts';
export type * from './mixin/tenant-storages.ts';
export * from './observability/log.ts';
export * from './observability/log-level.ts';
export type { MetricDescription } from './observability/metrics.ts';
export type { MixinMetric, MixinSample } from './observability/mixin-metrics.ts';
export * from './operations/execute.ts';
export * as fields from './operations/fields.ts';
export * from './operations/key-limits.ts';
export { isAsyncIterable, linesOf, piecesOfBytes } from './operations/lines.ts';
export * from './operations/operation.ts';
export * from './operations/principal.ts';
export { hiddenBy, redact } from './operations/redact.ts';
export { grants, SCOPES, type Scope, type ScopeGrant } from './operations/scopes.ts';
export { invalidInput, validate } from './operations/validate.ts';
export type { ResolvedAddress } from './outgoing/outgoing-http.types.ts';
export { releaseMemory } from './release-memory.ts';
export type { ReportEvent } from './reporting/report-protocol.ts';
export type { ReportSink } from './reporting/report-transport.ts';
export { addKeyToFile, createKeyFile, newKey, readKeyFile } from './secrets/key-file.ts';
export { keyIdOf, textOfKey } from './secrets/key-text.ts';
export type { Macs } from './secrets/macs.ts';
export * from './secrets/sealed-columns.ts';
export type { SealedPlace, Sealer } from './secrets/sealer.ts';
export type { ByteSource } from './smtp/byte-source.ts';
export type { DetachedFile, MailContent } from './smtp/compose/content.ts';
export type { OAuthSettings } from './smtp/oauth.types.ts';
export type { TokenOwner } from './smtp/oauth-tokens.ts';
export type { AddressField, HeaderAddresses } from './smtp/raw/header-addresses.ts';
export type { RefreshTokens } from './smtp/refreshing-client.ts';
export { addressDead, isDeadReason, reasonOf, wordsOf } from './smtp/reply-reasons.ts';
export { REPLY_REASONS, type RefusalWords, type ReplyReason } from './smtp/reply-reasons.types.ts';
export type { TokenSource } from './smtp/session.types.ts';
export type { TransferProgress } from './transfer/progress.ts';
export { WakeUp } from './wake-up.ts';

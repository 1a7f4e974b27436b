// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { createAccountStore } from '../entities/account/account.store.ts';
import { createAccountPauseStore } from '../entities/account/account-pause.store.ts';
import { createRefreshTokenStore } from '../entities/account/refresh-token.store.ts';
import { createApiKeyStore } from '../entities/api-key/api-key.store.ts';
import { prepareCapture } from '../entities/captured-mail/capture.ts';
import { createCapturedMailStore } from '../entities/captured-mail/captured-mail.store.ts';
import { createCommandLogStore } from '../entities/command-log/command-log.store.ts';
import { createDkimKeyStore } from '../entities/dkim-key/dkim-key.store.ts';
import { createEncryptionKeyStore } from '../entities/encryption-key/encryption-key.store.ts';
import { createInstanceStore } from '../entities/instance/instance.store.ts';
import { createLaneAccountStore } from '../entities/lane/lane-account.store.ts';
import { createContentSealer } from '../entities/message/content-sealer.ts';
import { createMessageStore } from '../entities/message/message.store.ts';
import { createMessageEventStore } from '../entities/message-event/message-event.store.ts';
import { createGivenUpStore } from '../entities/report/given-up.store.ts';
import { createReplayStore } from '../entities/report/replay.store.ts';
import { createReportCallStore } from '../entities/report/report-call.store.ts';
import { createReportExceptionStore } from '../entities/report/report-exception.store.ts';
import { createSigningSecretStore } from '../entities/report/signing-secret.store.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { createTrafficStore } from '../entities/statistics/traffic.store.ts';
import { createStorageStore } from '../entities/storage/storage.store.ts';
import { prepareSuppress } from '../entities/suppression/suppress.ts';
import { createSuppressionStore } from '../entities/suppression/suppression.store.ts';
import { prepareSuppressionLookup } from '../entities/suppression/suppression-lookup.ts';
import { createTenantStore } from '../entities/tenant/tenant.store.ts';
import type { MakePk } from '../identity.ts';
import { prepareAccept } from '../queue/accept.ts';
import { acceptDespiteDoubt } from '../queue/accept-despite-doubt.ts';
import { prepareAcceptInUnit } from '../queue/accept-in-unit.ts';
import { createOnceStore } from '../queue/accept-once.ts';
import { AcceptedMail } from '../queue/accepted-mail.ts';
import { createAttachmentContents } from '../queue/attachment-contents.ts';
import { createBatches } from '../queue/batches.ts';
import { prepareClaim } from '../queue/claim.ts';
import { createConnectionShares } from '../queue/connection-shares.ts';
import { createMessageControl } from '../queue/control.ts';
import { prepareExpire } from '../queue/expire.ts';
import { prepareFindTaken } from '../queue/find-taken.ts';
import { createFinishedMail } from '../queue/finished-mail.ts';
import { HandoffMarks } from '../queue/handoff-marks.ts';
import { prepareLaneFigures } from '../queue/lane-figures.ts';
import { createLaneGates } from '../queue/lane-gates.ts';
import { prepareFindLanes } from '../queue/lanes.ts';
import { prepareUntilGivenBack } from '../queue/leased-elsewhere.ts';
import { createLeaseStore } from '../queue/leases.ts';
import { prepareLimitFigures } from '../queue/limit-figures.ts';
import { prepareLoadClaimed } from '../queue/load-claimed.ts';
import { prepareLoadRecipients } from '../queue/load-recipients.ts';
import { prepareMayHaveArrived } from '../queue/may-have-arrived.ts';
import { createPreparing } from '../queue/preparing.ts';
import { preparePromotion } from '../queue/promote.ts';
import { prepareForgetUses } from '../queue/rate-limits.ts';
import { prepareRelease, prepareTakeBack } from '../queue/release.ts';
import { prepareReplace, replaceAlone } from '../queue/replace.ts';
import { createRetentionSweep } from '../queue/retention.ts';
import { moveDraft } from '../queue/seal-draft.ts';
import { createSequencer } from '../queue/sequence-events.ts';
import { createSessionStore } from '../queue/sessions.ts';
import { prepareSettle } from '../queue/settle.ts';
import { prepareStanding } from '../queue/standing.ts';
import { prepareWaitingFigures } from '../queue/waiting-figures.ts';
import { prepareWaitingCount, prepareWaitingUsage } from '../queue/waiting-usage.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { Sealer } from '../secrets/sealer.ts';

export interface StoreParts {
  readonly database: Database<CoreSchema>;
  readonly sealer: Sealer;
  readonly ring: Pick<KeyRing, 'ids'>;
  readonly clock: Clock;
  readonly makePk: MakePk;
  readonly config: EngineConfig;
}

/** Every query of the engine, compiled once. */
export function createStores({ database, sealer, ring, clock, makePk, config }: StoreParts) {
  const { priorityStepMs } = config.delivery;
  const contentSealer = createContentSealer(database, { sealer, clock, isOn: config.contentEncryption });
  const accepted = database.dialect.isExclusive ? new AcceptedMail({ clock }) : null;
  const acceptInto = prepareAccept(database, priorityStepMs, accepted);
  const replace = prepareReplace(database, priorityStepMs, {
    move: (draft, pk) => moveDraft(draft, pk, { sealer, contents: contentSealer }),
    accepted,
  });
  const marks = new HandoffMarks(database);
  const givenUp = createGivenUpStore(database);
  const suppress = prepareSuppress(database, makePk);
  return {
    instances: createInstanceStore(database),
    tenants: createTenantStore(database, sealer),
    apiKeys: createApiKeyStore(database, clock),
    accounts: createAccountStore(database, sealer, clock),
    accountPauses: createAccountPauseStore(database, makePk),
    refreshTokens: createRefreshTokenStore(database, sealer),
    dkimKeys: createDkimKeyStore(database, sealer, clock),
    storages: createStorageStore(database, sealer),
    suppressions: createSuppressionStore(database),
    suppressionLookup: prepareSuppressionLookup(database),
    suppress,
    contentSealer,
    messages: createMessageStore(database, contentSealer),
    messageEvents: createMessageEventStore(database),
    reportExceptions: createReportExceptionStore(database),
    reportCalls: createReportCallStore(database),
    givenUp,
    replays: createReplayStore(database, givenUp),
    signingSecrets: createSigningSecretStore(database, sealer),
    commandLog: createCommandLogStore(database),
    sessions: createSessionStore(database, makePk, () => ring.ids),
    encryptionKeys: createEncryptionKeyStore(database),
    sequencer: createSequencer(database),
    promotion: preparePromotion(database, priorityStepMs),
    accept: acceptDespiteDoubt(acceptInto, database, clock),
    acceptInto,
    acceptInUnit: prepareAcceptInUnit(database, priorityStepMs),
    replace: replaceAlone(database, replace),
    once: createOnceStore(database, { replace, clock, stepMs: priorityStepMs }),
    findTaken: prepareFindTaken(database),
    claim: prepareClaim(database),
    claimedLoader: prepareLoadClaimed(database, contentSealer, accepted),
    loadRecipients: prepareLoadRecipients(database),
    mayHaveArrived: prepareMayHaveArrived(database),
    preparing: createPreparing(database, contentSealer),
    contents: createAttachmentContents(database, contentSealer),
    marks,
    capturedMails: createCapturedMailStore(database, contentSealer),
    settle: prepareSettle(database, makePk, {
      marks,
      suppress,
      capture: prepareCapture(database, contentSealer),
      clock,
    }),
    release: prepareRelease(database),
    takeBack: prepareTakeBack(database),
    control: createMessageControl(database, { makePk, stepMs: priorityStepMs }),
    batches: createBatches(database, priorityStepMs),
    expire: prepareExpire(database, makePk),
    laneGates: createLaneGates(database),
    laneAccounts: createLaneAccountStore(database),
    laneFigures: prepareLaneFigures(database),
    limitFigures: prepareLimitFigures(database),
    forgetUses: prepareForgetUses(database),
    findLanes: prepareFindLanes(database),
    retention: createRetentionSweep(database),
    waitingUsage: prepareWaitingUsage(database),
    waitingCount: prepareWaitingCount(database),
    standing: prepareStanding(database),
    waitingFigures: prepareWaitingFigures(database),
    traffic: createTrafficStore(database),
    finishedMail: (isEveryoneTold: boolean) =>
      createFinishedMail(database, { idsMs: config.retention.idsDays * 86_400_000, isEveryoneTold }),
    leases: createLeaseStore(database),
    untilGivenBack: prepareUntilGivenBack(database, clock),
    connectionShares: createConnectionShares(database),
  };
}

export type Stores = ReturnType<typeof createStores>;

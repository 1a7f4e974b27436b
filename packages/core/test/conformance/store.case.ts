// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe } from 'vitest';
import { appendEventsConformance } from './append-events.case.ts';
import { attachmentContentsConformance } from './attachment-contents.case.ts';
import { batchConformance } from './batch.case.ts';
import { bulkConformance } from './bulk.case.ts';
import { capturedConformance } from './captured.case.ts';
import { claimConformance } from './claim.case.ts';
import { claimedLoaderConformance } from './claimed-loader.case.ts';
import { controlConformance } from './control.case.ts';
import { expireConformance } from './expire.case.ts';
import { explainConformance } from './explain.case.ts';
import { gatheredAcceptConformance } from './gathered-accept.case.ts';
import { gatheredSettleConformance } from './gathered-settle.case.ts';
import { instancesConformance } from './instances.case.ts';
import { lanesConformance } from './lanes.case.ts';
import { limitsConformance } from './limits.case.ts';
import { migrationConformance } from './migration.case.ts';
import { onConflictConformance } from './on-conflict.case.ts';
import { onceConformance } from './once.case.ts';
import { outcomeConformance } from './outcome.case.ts';
import { preparingConformance } from './preparing.case.ts';
import { rescueConformance } from './rescue.case.ts';
import { retentionConformance } from './retention.case.ts';
import { sequenceConformance } from './sequence.case.ts';
import { statisticsConformance } from './statistics.case.ts';
import type { OpenStore } from './store-world.case.ts';
import { submitConformance } from './submit.case.ts';
import { writeConformance } from './write.case.ts';

export interface ConformanceOptions {
  /** Makes a database that is empty or has the tables of the core. */
  readonly open: OpenStore;
  /**
   * Makes an empty one.
   * @defaultValue open
   */
  readonly openEmpty?: OpenStore;
  /**
   * Why there is none to test; empty when there is one.
   * @defaultValue ''
   */
  readonly skip?: string;
}

/** What the engine demands of a database, whichever it is. */
export function storeConformance(name: string, { open, openEmpty = open, skip = '' }: ConformanceOptions): void {
  describe.skipIf(skip !== '')(skip === '' ? name : `${name} (skipped: ${skip})`, () => {
    writeConformance(open);
    gatheredAcceptConformance(open);
    gatheredSettleConformance(open);
    capturedConformance(open);
    migrationConformance(openEmpty);
    attachmentContentsConformance(open);
    preparingConformance(open);
    claimConformance(open);
    claimedLoaderConformance(open);
    outcomeConformance(open);
    rescueConformance(open);
    limitsConformance(open);
    sequenceConformance(open);
    appendEventsConformance(open);
    submitConformance(open);
    onceConformance(open);
    onConflictConformance(open);
    expireConformance(open);
    retentionConformance(open);
    controlConformance(open);
    bulkConformance(open);
    batchConformance(open);
    instancesConformance(open);
    explainConformance(open);
    lanesConformance(open);
    statisticsConformance(open);
  });
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { foundation } from './0001-foundation.ts';
import { deliveryControl } from './0002-delivery-control.ts';
import { severalInstances } from './0003-several-instances.ts';
import { attachments } from './0004-attachments.ts';
import { apiKeys } from './0005-api-keys.ts';
import { secrets } from './0006-secrets.ts';
import { reports } from './0007-reports.ts';
import { intake } from './0008-intake.ts';
import { feedback } from './0009-feedback.ts';
import { suppression } from './0010-suppression.ts';
import { detachedFiles } from './0011-detached-files.ts';
import { statistics } from './0012-statistics.ts';
import { sandbox } from './0013-sandbox.ts';
import { recipientDomains } from './0014-recipient-domains.ts';
import { checkedRelays } from './0015-checked-relays.ts';
import { manualPauses } from './0016-manual-pauses.ts';
import { capturedOfMessages } from './0017-captured-of-messages.ts';
import type { MigrationList } from './migration.ts';

/** The schema of core, oldest step first. */
export const CORE_MIGRATIONS: MigrationList = {
  namespace: 'core',
  migrations: [
    foundation,
    deliveryControl,
    severalInstances,
    attachments,
    apiKeys,
    secrets,
    reports,
    intake,
    feedback,
    suppression,
    detachedFiles,
    statistics,
    sandbox,
    recipientDomains,
    checkedRelays,
    manualPauses,
    capturedOfMessages,
  ],
};

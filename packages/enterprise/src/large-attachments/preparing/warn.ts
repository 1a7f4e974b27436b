// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { BroughtFile, HookedMessage, MixinEvents } from '@mail-proxy/core';
import type { LargeDatabase } from '../large-attachments.table.ts';
import { named, sumOf } from './sizes.ts';

/** Say in the history of a message that it has large attachments, and leave them to it. */
export type Warn = (message: HookedMessage, files: readonly BroughtFile[]) => Promise<void>;

export function createWarn({
  database,
  events,
}: {
  readonly database: Pick<LargeDatabase, 'write'>;
  readonly events: MixinEvents;
}): Warn {
  return async ({ messagePk, tenantId }, files) => {
    const event = events.append({
      ...{ messagePk, tenantId, type: 'large_attachments_warned', once: 'warned' },
      reason: `Large attachments: ${named(files)}`,
      extra: sumOf(files),
    });
    await database.write(event.statements);
    await event.committed();
  };
}

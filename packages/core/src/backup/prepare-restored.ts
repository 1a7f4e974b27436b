// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { prepareRaw, rawStatement } from '../database/raw.ts';
import type { Statement } from '../database/statement.ts';

/** More events than any tenant has between a backup and the loss of what came after it. */
const SKIPPED_EVENTS = 1_000_000;

interface Cursor {
  readonly tenant_id: string;
  readonly last_seq: number;
}

/**
 * Make a copy ready to take the place of its database: nothing is sent before somebody says so, and no number of an
 * event that was told after the copy was made is given a second time, for readers would take the new event for the old.
 *
 * @param replaced - knows the last numbers exactly; null where there is none
 */
export async function prepareRestored(
  restored: Database<unknown>,
  { now, replaced }: { readonly now: number; readonly replaced: Database<unknown> | null },
): Promise<void> {
  const pause = prepareRaw<{ now: number }>(
    restored,
    (p) => sql`update instance set paused_at = coalesce(paused_at, ${p.now})`,
  );
  const last = replaced === null ? null : await readCursors(replaced);
  await restored.write([pause.bind({ now }), ...(await skipStatements(restored, last))]);
}

/** Who was told everything goes on behind the gap, too; who was not reaches it in time. */
async function skipStatements(db: Database<unknown>, last: readonly Cursor[] | null): Promise<readonly Statement[]> {
  const skip = prepareRaw<{ tenant: string; to: number }>(
    db,
    (p) => sql`update report_cursors
      set acked_seq = case when acked_seq = last_seq then ${p.to} else acked_seq end, last_seq = ${p.to}
      where tenant_id = ${p.tenant} and last_seq < ${p.to}`,
  );
  return (await readCursors(db)).map(({ tenant_id: tenant, last_seq: before }) => {
    const known = last?.find(({ tenant_id }) => tenant_id === tenant)?.last_seq;
    return skip.bind({ tenant, to: known ?? before + SKIPPED_EVENTS });
  });
}

function readCursors(db: Database<unknown>): Promise<readonly Cursor[]> {
  return db.read(rawStatement(db, sql<Cursor>`select tenant_id, last_seq from report_cursors`));
}

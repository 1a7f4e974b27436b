// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { systemClock } from '../../packages/core/src/clock.ts';
import type { MessageDraft } from '../../packages/core/src/entities/message/message-draft.ts';
import { type MakePk, pkGenerator } from '../../packages/core/src/identity.ts';
import { prepareAccept } from '../../packages/core/src/queue/accept.ts';
import { type ClaimedMessage, prepareClaim } from '../../packages/core/src/queue/claim.ts';
import type { LaneKey } from '../../packages/core/src/queue/lanes.ts';
import { createSessionStore } from '../../packages/core/src/queue/sessions.ts';
import { prepareSettle, type Settlement } from '../../packages/core/src/queue/settle.ts';
import { makeMails } from '../load/mail.ts';
import type { OpenedDatabase } from './opened-database.ts';
import type { WriteRow } from './rows.ts';
import { seedLanes } from './seed.ts';

/** Messages that are written at once, and how many in all. */
export interface WriteRun {
  readonly batch: number;
  readonly messages: number;
}

/** Claimed at once before the outcomes are written; not measured. */
const QUOTA = 1_000;

/** Messages a second that are accepted, and whose outcomes are written, batch after batch. */
export async function measureWrites({ name, database }: OpenedDatabase, runs: readonly WriteRun[]) {
  const [lane] = await seedLanes(database);
  if (lane === undefined) throw new Error('there is no lane');
  const makePk = pkGenerator(systemClock);
  const accept = prepareAccept(database, 600_000);
  const settle = prepareSettle(database, makePk);
  const claim = prepareClaim(database);
  const session = await createSessionStore(database, makePk).start('bench', Date.now());

  const rows: WriteRow[] = [];
  for (const { batch, messages } of runs) {
    const row = { database: name, batch };
    const drafts = makeDrafts(lane, makePk, messages);
    rows.push({ ...row, what: 'accept', ...(await timed(drafts, batch, accept)) });
    const claimed: ClaimedMessage[] = [];
    while (claimed.length < messages) {
      const options = { session, now: Date.now(), immediateOnly: false };
      claimed.push(...(await claim([{ ...lane, quota: QUOTA, limits: null }], options)).flat());
    }
    const settlements = claimed.map((message) => sent(message, session));
    rows.push({ ...row, what: 'settle', ...(await timed(settlements, batch, settle)) });
  }
  return rows;
}

async function timed<Item>(
  items: readonly Item[],
  batch: number,
  write: (item: Item) => Promise<unknown>,
): Promise<Pick<WriteRow, 'per_second' | 'cpu_ms_per_message'>> {
  const cpuBefore = process.cpuUsage();
  const startAt = performance.now();
  for (let at = 0; at < items.length; at += batch)
    await Promise.all(items.slice(at, at + batch).map((item) => write(item)));
  const ms = performance.now() - startAt;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    per_second: (items.length * 1_000) / ms,
    cpu_ms_per_message: (cpu.user + cpu.system) / 1_000 / items.length,
  };
}

function makeDrafts({ tenantId, accountPk }: LaneKey, makePk: MakePk, count: number): readonly MessageDraft[] {
  return makeMails('bench', count).map(({ to, id: _, ...content }) => {
    const pk = makePk();
    const now = Date.now();
    return {
      message: {
        pk,
        tenant_id: tenantId,
        id: pk,
        account_pk: accountPk,
        priority: 2,
        eligible_at: now,
        batch_code: null,
        message_id: `<${pk}@example.com>`,
        expires_at: now + 86_400_000,
        on_in_doubt: 'retry',
        units: 1,
        unfetched: 0,
        size_bytes: 2,
        created_at: now,
      },
      content: JSON.stringify(content),
      recipients: [{ kind: 'to', address: to }],
      attachments: [],
    };
  });
}

function sent({ pk, tenant_id }: ClaimedMessage, session: number): Settlement {
  const answer = {
    state: 'sent',
    stage: 'dot',
    code: 250,
    enhanced: '2.0.0',
    reply: `2.0.0 Ok: queued as ${pk}`,
  } as const;
  return {
    pk,
    tenantId: tenant_id,
    session,
    now: Date.now(),
    state: 'final',
    result: 'sent',
    attempts: 1,
    eligibleAt: null,
    lastError: null,
    units: 0,
    uses: [],
    recipients: [{ ...answer, position: 0, attempts: 1, verdict: null }],
    event: {
      type: 'sent',
      attempt: 1,
      detail: { durationMs: 12, recipients: [{ ...answer, address: 'customer-1@example.net' }] },
    },
  };
}

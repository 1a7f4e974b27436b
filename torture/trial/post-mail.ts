// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../world/api.ts';
import type { Fleet } from '../world/fleet.ts';

const BATCH = 20;
/** So that mail goes on coming for as long as something goes wrong, and does not fill the disk meanwhile. */
const PAUSE_MS = 25;

/**
 * Post messages until there are so many and nothing goes wrong any more; each batch again and again until a server says
 * that it has it.
 * @returns the ids that were accepted
 */
export async function postMail(
  fleet: Fleet,
  policy: 'retry' | 'hold',
  count: number,
  trouble: Promise<unknown>,
): Promise<readonly string[]> {
  let isOver = false;
  void trouble.finally(() => {
    isOver = true;
  });
  const ids: string[] = [];
  while (ids.length < count || !isOver) {
    const batch = Array.from({ length: BATCH }, (_, n) => `m-${ids.length + n + 1}`);
    await untilAccepted(
      fleet,
      batch.map((id) => ({
        id,
        from: 'sender@example.com',
        to: `${id}@example.org`,
        subject: id,
        text: 'A line of text.\n'.repeat(20),
        on_in_doubt: policy,
      })),
    );
    ids.push(...batch);
    await sleep(ids.length < count ? 0 : PAUSE_MS);
  }
  return ids;
}

/** What was cut off in the middle is posted again: what a server has of it is a duplicate, which says that it is there. */
async function untilAccepted(fleet: Fleet, messages: readonly object[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const living = fleet.living();
    const api = living[attempt % Math.max(1, living.length)];
    if (api !== undefined && (await isAccepted(api, messages))) return;
    await sleep(50);
  }
}

async function isAccepted(api: Api, messages: readonly object[]): Promise<boolean> {
  try {
    // the answer to messages.create-batch
    const { results } = (await api.post('/v1/messages/batch', { messages })) as {
      readonly results: readonly { readonly status: string; readonly code?: string }[];
    };
    return results.every(({ status, code }) => status === 'accepted' || code === 'duplicate_id');
  } catch {
    return false;
  }
}

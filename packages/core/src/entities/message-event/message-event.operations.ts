// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineOperation } from '../../operations/operation.ts';
import { invalidInput } from '../../operations/validate.ts';
import { eventPage, listEventsInput, toEventOutput } from './message-event.schema.ts';
import type { MessageEventStore } from './message-event.store.ts';

export interface MessageEventServices {
  readonly messageEvents: Pick<MessageEventStore, 'listAfter' | 'listLast'>;
  /** Wait until `look` finds events of the tenant, the time is over, or the reader is gone. */
  readonly waitForEvents: (
    tenantId: string,
    wait: { readonly look: () => Promise<boolean>; readonly ms: number; readonly signal: AbortSignal | undefined },
  ) => Promise<void>;
}

export const listEvents = defineOperation({
  name: 'events.list',
  summary: 'List the events of a tenant after a sequence number, or the last ones, or wait for the next',
  http: { method: 'GET', path: '/v1/events', mayWait: true },
  access: 'tenant',
  scope: 'events:read',
  audit: false,
  input: listEventsInput,
  output: eventPage,
  async run({ messageEvents, waitForEvents }: MessageEventServices, { after, limit, last, wait }, { reach, signal }) {
    const { tenantId } = reach;
    if (tenantId === null) {
      throw invalidInput([{ pointer: '/tenant_id', message: 'required: each tenant has a sequence of its own' }]);
    }
    if (last !== undefined) {
      if (after > 0) throw invalidInput([{ pointer: '/last', message: 'expected either after or last' }]);
      return { items: (await messageEvents.listLast(tenantId, last)).map(toEventOutput), next: null };
    }
    let rows = await messageEvents.listAfter(tenantId, after, limit + 1);
    if (rows.length === 0 && wait > 0) {
      const look = async (): Promise<boolean> => {
        rows = await messageEvents.listAfter(tenantId, after, limit + 1);
        return rows.length > 0;
      };
      await waitForEvents(tenantId, { look, ms: wait * 1_000, signal });
    }
    const items = rows.slice(0, limit);
    const end = items.at(-1);
    return { items: items.map(toEventOutput), next: rows.length > limit && end ? String(end.seq) : null };
  },
});

export const messageEventOperations = [listEvents] as const;

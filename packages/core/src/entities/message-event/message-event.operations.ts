// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineOperation } from '../../operations/operation.ts';
import { invalidInput } from '../../operations/validate.ts';
import { eventPage, listEventsInput, toEventOutput } from './message-event.schema.ts';
import type { MessageEventStore } from './message-event.store.ts';

export interface MessageEventServices {
  readonly messageEvents: Pick<MessageEventStore, 'listAfter'>;
}

export const listEvents = defineOperation({
  name: 'events.list',
  summary: 'List the events of a tenant after a sequence number',
  http: { method: 'GET', path: '/v1/events' },
  access: 'tenant',
  audit: false,
  input: listEventsInput,
  output: eventPage,
  async run({ messageEvents }: MessageEventServices, { after, limit }, { reach }) {
    if (reach.tenantId === null) {
      throw invalidInput([{ pointer: '/tenant_id', message: 'required: each tenant has a sequence of its own' }]);
    }
    const rows = await messageEvents.listAfter(reach.tenantId, after, limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(toEventOutput), next: rows.length > limit && last ? String(last.seq) : null };
  },
});

export const messageEventOperations = [listEvents] as const;

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { clientId, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import { eventOutput, toEventOutput } from '../message-event/message-event.schema.ts';
import type { MessageEventStore } from '../message-event/message-event.store.ts';
import type { MessageServices } from './message-services.ts';

export interface HistoryServices extends Pick<MessageServices, 'messages'> {
  readonly messageEvents: Pick<MessageEventStore, 'listOfMessage'>;
}

export const listMessageEvents = defineOperation({
  name: 'messages.events',
  summary: 'Show the history of one message, oldest first',
  http: { method: 'GET', path: '/v1/messages/{message_id}/events' },
  access: 'tenant',
  scope: 'messages:read',
  forTestKeys: true,
  audit: false,
  input: v.strictObject({ message_id: clientId, tenant_id: v.optional(tenantId) }),
  output: v.object({ items: v.array(eventOutput) }),
  async run({ messages, messageEvents }: HistoryServices, { message_id }, { reach }) {
    const row = await messages.find(reach, message_id);
    return { items: (await messageEvents.listOfMessage(reach, row.pk)).map(toEventOutput) };
  },
});

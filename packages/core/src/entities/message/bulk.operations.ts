// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { clientId, dateTime, line, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import { invalidInput } from '../../operations/validate.ts';
import { changeMany } from './bulk-change.ts';
import type { ChangeRequest } from './change-message.ts';
import { priority } from './message.schema.ts';
import { CONTROL_ACTIONS, type ControlAction } from './message-control.types.ts';
import type { MessageFilter } from './message-filter.ts';
import type { ControlServices } from './message-services.ts';
import { MESSAGE_RESULTS, MESSAGE_STATES } from './message-state.ts';

const bulkFilter = v.pipe(
  v.strictObject({
    /** Primary keys or the client's ids. One that several tenants use changes none of theirs: name the tenant. */
    ids: v.optional(v.pipe(v.array(clientId), v.minLength(1), v.maxLength(10_000, 'expected at most 10000 ids'))),
    batch_code: v.optional(v.pipe(line(64), v.minLength(1, 'expected 1 to 64 characters'))),
    account_id: v.optional(clientId),
    state: v.optional(v.picklist(MESSAGE_STATES)),
    result: v.optional(v.picklist(MESSAGE_RESULTS)),
    priority: v.optional(priority),
    /** Exact address. */
    recipient: v.optional(v.pipe(line(320), v.minLength(1, 'expected an address'))),
    created_before: v.optional(dateTime),
    /** At this time or later. */
    created_after: v.optional(dateTime),
  }),
  v.check((filter) => Object.values(filter).some((value) => value !== undefined), 'expected at least one condition'),
);

export const changeMessages = defineOperation({
  name: 'messages.bulk',
  summary: 'Cancel, hold, release, retry, reschedule or confirm all messages that a filter names',
  http: { method: 'POST', path: '/v1/messages/bulk' },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: v.strictObject({
    tenant_id: v.optional(tenantId),
    action: v.picklist(CONTROL_ACTIONS),
    /** For `reschedule`. */
    send_at: v.optional(dateTime),
    /** All conditions have to hold. Final messages count only for `retry`, or where `ids`, `state` or `result` names them. */
    filter: bulkFilter,
    /** Count only. */
    dry_run: v.optional(v.boolean(), false),
  }),
  output: v.object({
    matched: v.number(),
    changed: v.number(),
    /** Of another state, or being sent. */
    skipped: v.number(),
  }),
  async run(services: ControlServices, { action, send_at, filter, dry_run }, { reach }) {
    const change = changeRequest(action, send_at);
    const { ids } = filter;
    return changeMany(services, reach, {
      change,
      references: ids ?? null,
      filter: {
        ...toFilter(filter),
        isOpen:
          ids === undefined && filter.state === undefined && filter.result === undefined && action !== 'retry'
            ? true
            : undefined,
      },
      isDryRun: dry_run,
    });
  },
});

function changeRequest(action: ControlAction, sendAt: string | undefined): ChangeRequest {
  if (action === 'reschedule') {
    if (sendAt === undefined) throw invalidInput([{ pointer: '/send_at', message: 'required for reschedule' }]);
    return { action, sendAt: Date.parse(sendAt) };
  }
  if (sendAt !== undefined) throw invalidInput([{ pointer: '/send_at', message: 'expected only with reschedule' }]);
  return { action };
}

function toFilter(filter: v.InferOutput<typeof bulkFilter>): MessageFilter {
  return {
    batchCode: filter.batch_code,
    account: filter.account_id,
    state: filter.state,
    result: filter.result,
    priority: filter.priority,
    recipient: filter.recipient,
    createdFrom: filter.created_after === undefined ? undefined : Date.parse(filter.created_after),
    createdBefore: filter.created_before === undefined ? undefined : Date.parse(filter.created_before),
  };
}

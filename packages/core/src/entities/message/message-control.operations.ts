// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { clientId, dateTime, rfc3339, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { Reach } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import { type ChangeEnd, type ChangeRequest, changeMessage, STATES_OF } from './change-message.ts';
import { messageSummary } from './message.schema.ts';
import type { ControlAction } from './message-control.types.ts';
import { toSummaries } from './message-output.ts';
import type { MessageRow } from './message-row.ts';
import type { ControlServices } from './message-services.ts';
import type { MessageState } from './message-state.ts';

/** How every operation on one message names it. */
const reference = { message_id: clientId, tenant_id: v.optional(tenantId) };

interface Named {
  readonly message_id: string;
  readonly reach: Reach;
}

/** An operation on one message that needs nothing but its name. */
function controlOperation<Action extends Exclude<ControlAction, 'reschedule'>>(action: Action, summary: string) {
  return defineOperation({
    name: `messages.${action}`,
    summary,
    http: { method: 'POST', path: `/v1/messages/{message_id}/${action}` },
    access: 'tenant',
    scope: 'messages:manage',
    forTestKeys: true,
    audit: true,
    input: v.strictObject(reference),
    output: messageSummary,
    async run(services: ControlServices, { message_id }, { reach }) {
      return changeNamed(services, { message_id, reach }, { action });
    },
  });
}

export const cancelMessage = controlOperation(
  'cancel',
  'Cancel a message that is not being sent; once cancelled it is never sent',
);
export const holdMessage = controlOperation('hold', 'Hold a waiting message until it is released');
export const releaseMessage = controlOperation('release', 'Release a held message, to be sent at its time');
export const retryMessage = controlOperation(
  'retry',
  'Retry a message now: one that waits, one in doubt, or the recipients that one failed to reach',
);
export const confirmMessage = controlOperation('confirm', 'Confirm that the relay did take a message in doubt');

export const rescheduleMessage = defineOperation({
  name: 'messages.reschedule',
  summary: 'Send a waiting message at another time; a time that is past means now',
  http: { method: 'POST', path: '/v1/messages/{message_id}/reschedule' },
  access: 'tenant',
  scope: 'messages:manage',
  forTestKeys: true,
  audit: true,
  input: v.strictObject({
    ...reference,
    send_at: dateTime,
    /** When it is given up. An end that came from the retry policy moves along by itself, another one stays. */
    expires_at: v.optional(dateTime),
  }),
  output: messageSummary,
  async run(services: ControlServices, { message_id, send_at, expires_at }, { reach }) {
    const expiresAt = expires_at === undefined ? undefined : Date.parse(expires_at);
    const request = { action: 'reschedule', sendAt: Date.parse(send_at), expiresAt } as const;
    return changeNamed(services, { message_id, reach }, request);
  },
});

export const messageControlOperations = [
  cancelMessage,
  rescheduleMessage,
  retryMessage,
  holdMessage,
  releaseMessage,
  confirmMessage,
] as const;

async function changeNamed(
  services: ControlServices,
  { message_id, reach }: Named,
  request: ChangeRequest,
): Promise<v.InferOutput<typeof messageSummary>> {
  const row = await services.messages.find(reach, message_id);
  const end = await changeMessage(services, reach, row, request);
  if (!end.ok) throw refused(end, request);
  announce(services, row, end.state);
  if (request.action !== 'reschedule') services.told(row.tenant_id);
  const [summary] = await toSummaries(services.messages, [await services.messages.find(reach, row.pk)]);
  if (summary === undefined) throw new Error('one message was found');
  return summary;
}

/** Tell the dispatcher what it may claim, or has to wait for. */
function announce({ wake, prepare, rescheduled }: ControlServices, row: MessageRow, state: MessageState): void {
  if (state === 'ready') wake([{ accountPk: row.account_pk, tenantId: row.tenant_id }]);
  if (state === 'preparing') prepare();
  if (state === 'deferred') rescheduled();
}

function refused({ refusal, row }: Extract<ChangeEnd, { ok: false }>, { action }: ChangeRequest): MailProxyError {
  switch (refusal) {
    case 'in_flight':
      return new MailProxyError('in_flight');
    case 'content_removed':
      return new MailProxyError('content_removed', { detail: 'what the message said was removed by its age' });
    case 'expires_before': {
      const end = row.expires_at === null ? 'its end' : rfc3339(row.expires_at);
      return invalidInput([
        { pointer: '/send_at', message: `expected a time before the message expires (${end}), or a later expires_at` },
      ]);
    }
    case 'wrong_state': {
      const is = row.result === null ? row.state : `${row.state} (${row.result})`;
      const allowed = action === 'retry' ? 'deferred, in_doubt, or final and not sent' : STATES_OF[action].join(', ');
      return new MailProxyError('conflict', {
        detail: `the message is ${is}; ${action} takes messages that are ${allowed}`,
        extra: { state: row.state, ...(row.result === null ? {} : { result: row.result }) },
      });
    }
    default:
      return refusal satisfies never;
  }
}

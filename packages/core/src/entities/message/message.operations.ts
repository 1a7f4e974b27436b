// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { clientId, rfc3339, tenantId } from '../../operations/fields.ts';
import { type Call, defineOperation } from '../../operations/operation.ts';
import { hasScope } from '../../operations/principal.ts';
import { batchOperations } from './batch.operations.ts';
import { changeMessages } from './bulk.operations.ts';
import { listMessages } from './list-messages.operations.ts';
import {
  acceptedOutput,
  type BatchResult,
  batchInput,
  batchOutput,
  messageInput,
  messageOutput,
  rawMessageInput,
} from './message.schema.ts';
import { messageControlOperations } from './message-control.operations.ts';
import { listedMessage, toContent } from './message-included.ts';
import { toMessage } from './message-output.ts';
import type { MessageServices, SubmissionServices } from './message-services.ts';
import { type ParsedSubmitted, submittedInput } from './raw-message.ts';
import { removalOperations } from './removal.operations.ts';
import { parseStoredContent } from './stored-content.ts';
import { submitMessages } from './submit-messages.ts';
import { retryAfterOf, toBatchResult } from './submitted.ts';

/** What reading messages needs. */
type ReadServices = Pick<MessageServices, 'messages' | 'messageEvents' | 'explain'>;

/** Not in the list of what can be done: it is what creating a message is for a body that is a message. */
const createRawMessage = defineOperation({
  name: 'messages.create-raw',
  summary: 'Accept one complete message for delivery',
  http: { method: 'POST', path: '/v1/messages', status: 202, isRepeatable: true },
  access: 'tenant',
  scope: 'messages:send',
  forTestKeys: true,
  audit: false,
  input: rawMessageInput,
  output: acceptedOutput,
  run: (services: SubmissionServices, input, call) => submitOne(services, input, call),
});

export const createMessage = defineOperation({
  name: 'messages.create',
  summary: 'Accept one message for delivery',
  http: {
    method: 'POST',
    path: '/v1/messages',
    status: 202,
    takesFiles: true,
    forMail: createRawMessage,
    isRepeatable: true,
  },
  access: 'tenant',
  scope: 'messages:send',
  forTestKeys: true,
  // The message's own row says who submitted what and when.
  audit: false,
  input: messageInput,
  output: acceptedOutput,
  run: (services: SubmissionServices, input, call) => submitOne(services, input, call),
});

export const createMessages = defineOperation({
  name: 'messages.create-batch',
  summary: 'Accept up to 1,000 messages at once, with a result for each',
  http: { method: 'POST', path: '/v1/messages/batch', status: 202, isRepeatable: true, headersOf: retryAfterOf },
  access: 'tenant',
  scope: 'messages:send',
  forTestKeys: true,
  audit: false,
  input: batchInput,
  output: batchOutput,
  run: (services: SubmissionServices, input, call) => submitSeveral(services, input, call),
});

/** The same for embedders, who may submit complete messages, too. */
export const submitAny = defineOperation({
  ...createMessages,
  input: submittedInput,
  run: (services: SubmissionServices, input, call) => submitSeveral(services, input, call),
});

export const getMessage = defineOperation({
  name: 'messages.get',
  summary:
    'Show one message: each recipient, each attempt, and what it waits for; what it says, with messages:content only',
  http: { method: 'GET', path: '/v1/messages/{message_id}' },
  access: 'tenant',
  scope: 'messages:read',
  forTestKeys: true,
  audit: false,
  input: v.strictObject({
    message_id: clientId,
    tenant_id: v.optional(tenantId),
    /** `content`: also its bodies. */
    include: v.optional(v.picklist(['content'], 'expected content')),
  }),
  output: v.object({ ...messageOutput.entries, content: listedMessage.entries.content }),
  async run({ messages, messageEvents, explain }: ReadServices, { message_id, include }, { reach, principal }) {
    const row = await messages.find(reach, message_id);
    const isReadable = hasScope(principal, 'messages:content');
    const [bounces, content, recipients, attachments, events, waitingFor, said] = await Promise.all([
      messages.bounces([row.pk]),
      messages.content(reach, row.pk),
      messages.recipients(reach, row.pk),
      messages.attachments(reach, row.pk),
      messageEvents.listOfMessage(reach, row.pk),
      explain(row),
      include === 'content' && isReadable ? messages.said([row.pk]) : undefined,
    ]);
    const parts = {
      bounce: bounces.get(row.pk),
      content: content === null ? null : parseStoredContent(content),
      recipients,
      attachments,
      events,
      waitingFor,
    };
    return {
      ...toMessage(row, parts, { hasContent: isReadable }),
      ...(include === 'content' ? { content: toContent(said?.get(row.pk)) } : {}),
    };
  },
});

export const messageOperations = [
  createMessage,
  createMessages,
  getMessage,
  listMessages,
  ...messageControlOperations,
  changeMessages,
  ...removalOperations,
  ...batchOperations,
] as const;

async function submitOne(
  services: SubmissionServices,
  input: ParsedSubmitted,
  { reach, principal, idempotency, traceparent }: Call,
): Promise<v.InferOutput<typeof acceptedOutput>> {
  const [submitted] = await submitMessages(services, [input], {
    reach,
    principal,
    traceparent,
    defaultPriority: undefined,
    pointerOf: () => '',
    idempotency: idempotency === null ? null : { ...idempotency, operation: 'one', input },
  });
  if (submitted === undefined) throw new Error('one message was submitted');
  if (!submitted.ok) throw submitted.error;
  const { pk, id, tenantId, accountId, state, createdAt, conflict } = submitted;
  return {
    pk,
    id,
    tenant_id: tenantId,
    account_id: accountId,
    state,
    created_at: rfc3339(createdAt),
    ...(conflict === undefined ? {} : { conflict }),
  };
}

async function submitSeveral(
  services: SubmissionServices,
  input: v.InferOutput<typeof submittedInput>,
  { reach, principal, idempotency, traceparent }: Call,
): Promise<BatchResult> {
  const { messages, default_priority, on_conflict } = input;
  if (messages.length > services.maxBatch) {
    throw new MailProxyError('batch_too_large', {
      detail: `expected at most ${services.maxBatch} messages, got ${messages.length}`,
      extra: { max_batch: services.maxBatch },
    });
  }
  return toBatchResult(
    await submitMessages(services, messages, {
      reach,
      principal,
      traceparent,
      defaultPriority: default_priority,
      onConflict: on_conflict,
      pointerOf: (index) => `/messages/${index}`,
      idempotency: idempotency === null ? null : { ...idempotency, operation: 'several', input },
    }),
  );
}

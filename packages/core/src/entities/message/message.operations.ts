// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { clientId, line, page, pageOf, queryBoolean, rfc3339, tenantId } from '../../operations/fields.ts';
import { type Call, defineOperation } from '../../operations/operation.ts';
import { hasScope } from '../../operations/principal.ts';
import { batchOperations } from './batch.operations.ts';
import { changeMessages } from './bulk.operations.ts';
import {
  acceptedOutput,
  type BatchResult,
  batchInput,
  batchOutput,
  messageInput,
  messageOutput,
  queryPriority,
  rawMessageInput,
} from './message.schema.ts';
import { messageControlOperations } from './message-control.operations.ts';
import { include, listedMessage, toListed } from './message-included.ts';
import { toMessage } from './message-output.ts';
import type { MessageServices, SubmissionServices } from './message-services.ts';
import { MESSAGE_RESULTS, MESSAGE_STATES } from './message-state.ts';
import { type ParsedSubmitted, submittedInput } from './raw-message.ts';
import { removalOperations } from './removal.operations.ts';
import { parseStoredContent } from './stored-content.ts';
import { submitMessages } from './submit-messages.ts';
import { retryAfterOf, toBatchResult } from './submitted.ts';

/** What reading messages needs. */
type ReadServices = Pick<MessageServices, 'messages' | 'messageEvents' | 'explain'>;

type ListServices = Pick<MessageServices, 'messages' | 'messageEvents' | 'limitGate'>;

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
  input: v.strictObject({ message_id: clientId, tenant_id: v.optional(tenantId) }),
  output: messageOutput,
  async run({ messages, messageEvents, explain }: ReadServices, { message_id }, { reach, principal }) {
    const row = await messages.find(reach, message_id);
    const [bounces, content, recipients, attachments, events, waitingFor] = await Promise.all([
      messages.bounces([row.pk]),
      messages.content(reach, row.pk),
      messages.recipients(reach, row.pk),
      messages.attachments(reach, row.pk),
      messageEvents.listOfMessage(reach, row.pk),
      explain(row),
    ]);
    const parts = {
      bounce: bounces.get(row.pk),
      content: content === null ? null : parseStoredContent(content),
      recipients,
      attachments,
      events,
      waitingFor,
    };
    return toMessage(row, parts, { hasContent: hasScope(principal, 'messages:content') });
  },
});

export const listMessages = defineOperation({
  name: 'messages.list',
  summary: 'List messages, newest first',
  http: { method: 'GET', path: '/v1/messages' },
  access: 'tenant',
  scope: 'messages:read',
  forTestKeys: true,
  audit: false,
  input: v.strictObject({
    tenant_id: v.optional(tenantId),
    state: v.optional(v.picklist(MESSAGE_STATES)),
    result: v.optional(v.picklist(MESSAGE_RESULTS)),
    batch_code: v.optional(line(64)),
    account_id: v.optional(clientId),
    /** 0 to 3, or its name. */
    priority: v.optional(queryPriority),
    /** Exact address. */
    recipient: v.optional(line(320)),
    /** Only what is not final. */
    open: v.optional(queryBoolean),
    include: v.optional(include, []),
    ...page,
  }),
  output: v.object({
    ...pageOf(listedMessage).entries,
    /** Where it was asked for. */
    count: v.optional(v.number()),
  }),
  async run(services: ListServices, input, { reach, principal }) {
    const { messages } = services;
    const { limit, include: included } = input;
    const filter = {
      state: input.state,
      result: input.result,
      batchCode: input.batch_code,
      account: input.account_id,
      priority: input.priority,
      recipient: input.recipient,
      isOpen: input.open === true ? (true as const) : undefined,
    };
    const [rows, count] = await Promise.all([
      messages.list(reach, filter, { order: 'newest first', after: input.after ?? null, limit }),
      included.includes('count') ? messages.count(reach, filter) : undefined,
    ]);
    const last = rows.at(-1);
    const items = await toListed(services, rows, { included, reach, principal });
    const next = rows.length === limit && last !== undefined ? last.pk : null;
    return { items, next, ...(count === undefined ? {} : { count }) };
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

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CheckedMessage } from '../entities/message/check-content.ts';
import type { SealAttachmentAuth } from '../entities/message/draft-attachment.ts';
import { draftMessage, type MessageDraft } from '../entities/message/message-draft.ts';
import { type MakePk, pkMadeAt } from '../identity.ts';
import { checkLeniently } from './check-leniently.ts';
import type { OldPayload } from './message-input.ts';

/** A message of the source whose account is here. */
export interface OldMessage {
  readonly tenantId: string;
  readonly id: string;
  readonly accountPk: string;
  /** Milliseconds. */
  readonly createdAt: number;
  /** When it may be tried; null for at once. */
  readonly dueAt: number | null;
  readonly priority: number;
  readonly batchCode: string | null;
  /** Null where it cannot be read. */
  readonly payload: OldPayload | null;
  /** Null while it waits. */
  readonly end: OldEnd | null;
}

export interface OldEnd {
  readonly result: 'sent' | 'failed';
  /** Milliseconds. */
  readonly at: number;
  readonly reason: string | null;
}

/** What is stored of a message. */
export interface TakenMessage {
  readonly draft: MessageDraft;
  readonly attempts: number;
  readonly end: OldEnd | null;
  /** It cannot be sent from here, and its tenant is to be told. */
  readonly failed: string | null;
  /** Nothing is kept of what it said. */
  readonly isBare: boolean;
  readonly without: readonly string[];
}

export interface TakeContext {
  readonly now: number;
  /** Milliseconds for which it is tried from now on. */
  readonly maxAgeMs: number;
  readonly isStorage: (name: string) => boolean;
  readonly makePk: MakePk;
  readonly sealAuth: SealAttachmentAuth;
  /** Whether mixins look at files before a message is sent. */
  readonly preparesFiles: boolean;
}

/** Stands in place of a sender that nobody can read. */
const NOBODY = { name: '', address: 'unknown@invalid.invalid' };

/** Draft a message with the times that it had. What ended has no attachments any more: nobody sends it again. */
export function draftTaken(old: OldMessage, context: TakeContext): TakenMessage {
  const { payload, end } = old;
  const said = payload?.input ?? {};
  const input = end === null ? said : { ...said, attachments: [] };
  const check = checkLeniently(input, context);
  const attempts = payload?.attempts ?? 0;
  if (check.ok) {
    const draft = draftOf(old, check.checked, context);
    return { draft, attempts, end, failed: null, isBare: false, without: check.without };
  }
  const failed =
    end === null ? `it cannot be sent: ${payload === null ? 'what it says cannot be read' : check.reason}` : null;
  return {
    draft: draftOf(old, bare(), context),
    attempts,
    end: end ?? { result: 'failed', at: context.now, reason: failed },
    failed,
    isBare: true,
    without: [],
  };
}

function draftOf(old: OldMessage, checked: CheckedMessage, context: TakeContext): MessageDraft {
  const { tenantId, accountPk, id, priority, createdAt, dueAt, batchCode, end } = old;
  const { now, maxAgeMs } = context;
  const draft = draftMessage({ id, priority, ...(batchCode === null ? {} : { batch_code: batchCode }) }, checked, {
    tenantId,
    accountPk,
    defaultPriority: priority,
    onInDoubt: 'retry',
    maxAgeMs,
    now: createdAt,
    json: JSON.stringify(checked.content),
    // In the order of their times, as all messages are.
    pk: pkMadeAt(createdAt, context.makePk()),
    stored: new Map(),
    sealAuth: context.sealAuth,
    needsPreparing: context.preparesFiles && checked.attachments.length > 0,
  });
  const eligibleAt = dueAt ?? Math.min(createdAt, now);
  return {
    ...draft,
    message: {
      ...draft.message,
      eligible_at: end === null ? eligibleAt : createdAt,
      // The original gave up by counting: however long it waited there, here it has its time before it.
      expires_at: Math.max(eligibleAt, now) + maxAgeMs,
    },
  };
}

function bare(): CheckedMessage {
  return {
    content: {
      from: NOBODY,
      to: [],
      cc: [],
      replyTo: [],
      subject: '',
      text: '',
      html: null,
      calendar: null,
      headers: [],
      returnPath: '',
      raw: null,
    },
    bcc: [],
    attachments: [],
    messageId: null,
    tooLarge: null,
  };
}

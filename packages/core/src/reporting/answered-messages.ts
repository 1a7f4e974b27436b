// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { messageInput } from '../entities/message/message.schema.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { AcceptedState, SubmissionServices } from '../entities/message/message-services.ts';
import { isOfMessage } from '../entities/message/prepare-submission.ts';
import { submitMessages } from '../entities/message/submit-messages.ts';
import type { RejectedMessage } from '../entities/report/report.table.ts';
import type { MailProxyError } from '../errors.ts';
import { reachOf, tenantPrincipal } from '../operations/principal.ts';
import { invalidInput, validate } from '../operations/validate.ts';
import type { AcceptInUnit } from '../queue/accept-in-unit.ts';
import type { StoringRoom } from '../queue/storing-room.ts';
import type { TakeMessages } from './take-messages.ts';

export interface AnsweredMessagesParts {
  readonly services: SubmissionServices;
  readonly acceptInUnit: AcceptInUnit;
  /** @throws {MailProxyError} `storage_full`, `database_unavailable` while no mail is taken */
  readonly expectRoom: () => void;
  /** Where messages wait to be stored. */
  readonly storing: StoringRoom;
  /** A message is on disk. */
  readonly onArrived: (draft: MessageDraft, state: AcceptedState) => void;
}

/**
 * Take the messages of an answer as if the tenant had posted them, each by itself: one that is wrong refuses no other.
 * Each has to have an id, which makes it harmless that an answer whose record was lost is given again.
 */
export function createTakeMessages(parts: AnsweredMessagesParts): TakeMessages {
  const { services, acceptInUnit, expectRoom, storing, onArrived } = parts;
  const draftOf = async (
    tenantId: string,
    message: unknown,
    { index, rooms }: { readonly index: number; readonly rooms: DisposableStack },
  ): Promise<MessageDraft> => {
    const parsed = validate(messageInput, message);
    if (parsed.tenant_id !== undefined && parsed.tenant_id !== tenantId) {
      throw invalidInput([{ pointer: '/tenant_id', message: 'expected the tenant that answers, or none' }]);
    }
    const drafts: MessageDraft[] = [];
    const accept = async (draft: MessageDraft): Promise<AcceptedState> => {
      expectRoom();
      rooms.use(storing.take(draft));
      drafts.push(draft);
      return 'ready';
    };
    const options = {
      reach: reachOf(tenantId),
      principal: tenantPrincipal(tenantId),
      defaultPriority: undefined,
      pointerOf: () => '',
    };
    const [submitted] = await submitMessages({ ...services, accept }, [parsed], options);
    if (submitted?.ok === false) throw submitted.error;
    const [draft] = drafts;
    if (draft === undefined) throw new Error(`message ${index} of an answer was neither accepted nor refused`);
    return draft;
  };

  return async (tenantId, messages) => {
    const within = messages.slice(0, services.maxBatch);
    const ids = within.map(idOf);
    const known = new Set(
      await acceptInUnit.known(
        tenantId,
        ids.filter((id) => id !== null),
      ),
    );
    const drafts: MessageDraft[] = [];
    const rejected: RejectedMessage[] = [];
    let duplicates = 0;
    using rooms = new DisposableStack();
    // One after the other: their attachments may be large.
    for (const [index, message] of within.entries()) {
      const id = ids[index] ?? null;
      if (id !== null && known.has(id)) {
        duplicates += 1;
        continue;
      }
      if (id !== null) known.add(id);
      try {
        if (id === null) throw withoutId();
        drafts.push(await draftOf(tenantId, message, { index, rooms }));
      } catch (error) {
        if (!isOfMessage(error)) throw error;
        rejected.push({ index, id, code: error.code, reason: reasonOf(error) });
      }
    }
    for (const [index, message] of messages.slice(within.length).entries()) {
      const reason = `an answer may hold ${services.maxBatch} messages`;
      rejected.push({ index: within.length + index, id: idOf(message), code: 'batch_too_large', reason });
    }
    const held = rooms.move();
    return {
      statements: acceptInUnit.statements(drafts),
      accepted: drafts.length,
      duplicates,
      rejected,
      stored(results) {
        for (const { draft, state } of acceptInUnit.stored(drafts, results)) onArrived(draft, state);
      },
      [Symbol.dispose]: () => held.dispose(),
    };
  };
}

function idOf(message: unknown): string | null {
  if (typeof message !== 'object' || message === null || !('id' in message)) return null;
  // What is no text, or too long to be an id, is refused with the rest of the message.
  return typeof message.id === 'string' && message.id.length <= 255 ? message.id : null;
}

function withoutId(): MailProxyError {
  return invalidInput([{ pointer: '/id', message: 'required in an answer, so that it may be given twice' }]);
}

function reasonOf({ message, problems }: MailProxyError): string {
  const [first] = problems;
  return first === undefined ? message : `${first.pointer}: ${first.message}`;
}

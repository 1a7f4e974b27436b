// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { UnitWriter } from '../database/database.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { SubmissionServices } from '../entities/message/message-services.ts';
import type { MessageState } from '../entities/message/message-state.ts';
import { DRAFT_END, FIELD_END } from '../entities/message/once.types.ts';
import type { StoringRoom } from '../queue/storing-room.ts';
import { releaseMemory } from '../release-memory.ts';
import type { Stores } from './stores.ts';

/** Ways to store messages. */
export type Intake = Pick<SubmissionServices, 'accept' | 'replace' | 'once'>;

export interface IntakeParts {
  readonly stores: Pick<Stores, 'accept' | 'acceptInto' | 'replace' | 'once'>;
  /** A message waits for the writer: what is written from now on comes after it. Not told of a transaction of the caller's. */
  readonly onQueued: (draft: MessageDraft) => void;
  /** A message was stored, in this state. */
  readonly onArrived: (draft: MessageDraft, state: MessageState) => void;
  /** What this message said before is not to be prepared any more. */
  readonly onReplaced: (pk: string) => void;
  /** @throws {MailProxyError} `stopping` while nothing is taken */
  readonly expectOpen: () => void;
  /** Where messages wait to be stored. */
  readonly storing: StoringRoom;
  /** A transaction that all of it is to be part of. @defaultValue each has its own */
  readonly writer?: UnitWriter;
}

/** Store messages, and tell of each that was. */
export function createIntake(parts: IntakeParts): Intake {
  const { stores, onQueued, onArrived, onReplaced, expectOpen, storing: room, writer } = parts;
  return {
    async accept(draft) {
      expectOpen();
      using _ = room.take(draft);
      const storing = writer === undefined ? stores.accept(draft) : stores.acceptInto(draft, writer);
      if (writer === undefined) onQueued(draft);
      const state = await storing;
      releaseFiles(draft);
      onArrived(draft, state);
      return state;
    },
    async replace(replacement) {
      expectOpen();
      using _ = room.take(replacement.draft);
      const state = await stores.replace(replacement, writer);
      onReplaced(replacement.targetPk);
      onArrived(replacement.draft, state);
      return state;
    },
    once: {
      find: (key, now) => stores.once.find(key, now),
      async accept(request) {
        expectOpen();
        using _ = room.take(...request.drafts, ...request.replacements.map(({ draft }) => draft));
        const storing = stores.once.accept(request, writer);
        if (writer === undefined) for (const draft of request.drafts) onQueued(draft);
        const answered = await storing;
        if (answered.owner !== request.owner) return answered;
        const targets = new Map(request.replacements.map(({ draft, targetPk }) => [draft, targetPk]));
        const outcomes = answered.outcome.split(DRAFT_END);
        for (const [index, draft] of request.drafts.entries()) {
          const [pk, state] = (outcomes[index] ?? '').split(FIELD_END);
          const target = targets.get(draft);
          if (target !== undefined) onReplaced(target);
          // A column of a message.
          if (pk === (target ?? draft.message.pk)) onArrived(draft, state as MessageState);
        }
        return answered;
      },
    },
  };
}

function releaseFiles({ attachments }: MessageDraft): void {
  for (const { content } of attachments) {
    if (content?.ownsBytes === true && content.bytes !== null) releaseMemory(content.bytes);
  }
}

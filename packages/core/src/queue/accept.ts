// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database, UnitWriter } from '../database/database.ts';
import { type GatheredUnit, Gathering } from '../database/gathering.ts';
import { Bundle, rowsJson } from '../database/row-parameters.ts';
import type { Statement } from '../database/statement.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { AcceptedState } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { MailProxyError } from '../errors.ts';
import { type AcceptStatements, prepareAcceptStatements } from './accept-statements.ts';
import type { AcceptedMail } from './accepted-mail.ts';
import { insertFiles } from './insert-files.ts';
import { rankOf } from './rank.ts';

/**
 * @param writer the database by default; a transaction that the message is to be part of
 * @returns the state in which it was stored: due now, or later, or parked with its batch
 */
export type AcceptInto = (draft: MessageDraft, writer?: UnitWriter) => Promise<AcceptedState>;

export type Accept = (draft: MessageDraft) => Promise<AcceptedState>;

/** About what a row of a recipient or an attachment weighs without its bytes. */
const ROW_BYTES = 150;

/**
 * Store a message with all that belongs to it. Resolves once it is on disk; messages that wait for the writer together
 * share their statements and their commit.
 *
 * @throws {MailProxyError} `duplicate_id`: the tenant has a message with that id
 */
export function prepareAccept(
  db: Database<CoreSchema>,
  stepMs: number,
  accepted: AcceptedMail | null = null,
): AcceptInto {
  const statements = prepareAcceptStatements(db);
  const unit = (drafts: readonly MessageDraft[]): GatheredUnit<MessageDraft, AcceptedState> => ({
    statements: insertAll(statements, drafts, stepMs),
    outcome([inserted]) {
      // The statement of the messages comes first and returns these.
      const rows = (inserted?.rows ?? []) as readonly { readonly pk: string; readonly state: AcceptedState }[];
      const states = new Map(rows.map(({ pk, state }) => [pk, state]));
      return ({ message: { pk, id } }) => states.get(pk) ?? refuseDuplicate(id);
    },
  });
  const gathering = new Gathering<MessageDraft, AcceptedState>(db, {
    keyOf: ({ message }) => message.pk,
    sizeOf: draftBytes,
    unit,
  });
  return async (draft, writer) => {
    accepted?.remember(draft);
    try {
      if (writer === undefined) return await gathering.write(draft);
      const alone = unit([draft]);
      return alone.outcome(await writer.write(alone.statements))(draft);
    } catch (error) {
      accepted?.forget(draft.message.pk);
      throw error;
    }
  };
}

function refuseDuplicate(id: string): never {
  throw new MailProxyError('duplicate_id', { detail: `the tenant has a message with the id ${id} already` });
}

/** Store messages, each unless its id is taken, with all that belongs to them. */
export function insertAll(
  statements: AcceptStatements,
  drafts: readonly MessageDraft[],
  stepMs: number,
): readonly Statement[] {
  return [
    statements.messages.bind({ rows: rowsJson(drafts.map((draft) => messageRow(draft, stepMs))) }),
    ...insertBelongings(statements, drafts),
  ];
}

/** Store what belongs to messages that are stored. */
export function insertBelongings(statements: AcceptStatements, drafts: readonly MessageDraft[]): readonly Statement[] {
  const texts = new Bundle();
  const contentRows = drafts.map(({ message, content }) => ({ message_pk: message.pk, ...texts.add(content) }));
  const recipientRows = drafts.flatMap((draft) =>
    draft.recipients.map(({ kind, address }, position) => ({
      message_pk: draft.message.pk,
      position,
      kind,
      address,
      updated_at: draft.message.created_at,
    })),
  );
  return [
    statements.contents.bind({ rows: rowsJson(contentRows), bytes: texts.bytes() }),
    statements.recipients.bind({ rows: rowsJson(recipientRows) }),
    ...insertFiles(statements, drafts),
  ];
}

function messageRow({ message }: MessageDraft, stepMs: number) {
  const { eligible_at, created_at, priority, unfetched } = message;
  return {
    ...message,
    state: eligible_at > created_at ? 'deferred' : unfetched > 0 ? 'preparing' : 'ready',
    rank: rankOf(eligible_at, priority, stepMs),
  };
}

/** About how many bytes its rows have. */
export function draftBytes({ content, recipients, attachments }: MessageDraft): number {
  const rows = (recipients.length + attachments.length) * ROW_BYTES;
  return attachments.reduce((sum, { content: file }) => sum + (file?.bytes?.byteLength ?? 0), content.length + rows);
}

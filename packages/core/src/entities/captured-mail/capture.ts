// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import type { Statement } from '../../database/statement.ts';
import { headOf } from '../../smtp/message-body.ts';
import type { TakenMail } from '../../smtp/sandbox/sandbox.types.ts';
import type { ContentSealer } from '../message/content-sealer.ts';
import type { CoreSchema } from '../schema.ts';
import { summaryOf } from './captured-summary.ts';

/** By what a mail was taken. */
export interface CapturedBy {
  readonly messagePk: string;
  readonly attempt: number;
  /** Milliseconds. */
  readonly at: number;
  /** The event that tells of it. */
  readonly eventPk: string;
  /** Which of the transactions of the attempt, from 0. */
  readonly index: number;
}

/**
 * Statements that keep what a sandbox took, in the unit that writes the outcome. Where the event was not stored they
 * keep nothing, and written again they change nothing.
 */
export type Capture = (mail: TakenMail, by: CapturedBy) => readonly Statement[];

interface MailRow {
  readonly pk: string;
  readonly message_pk: string;
  readonly event_pk: string;
  readonly attempt: number;
  readonly mail_from: string;
  readonly size_bytes: number;
  readonly captured_at: number;
  readonly summary: string;
}

export function prepareCapture(db: Database<CoreSchema>, contents: ContentSealer): Capture {
  const insertMail = db.prepare<MailRow>((k, p) =>
    k
      .insertInto('captured_mails')
      .columns([
        ...(['pk', 'tenant_id', 'account_pk', 'message_pk', 'message_id'] as const),
        ...(['attempt', 'mail_from', 'size_bytes', 'captured_at', 'summary'] as const),
      ])
      .expression((eb) =>
        eb
          .selectFrom('messages as m')
          .innerJoin('message_events as e', 'e.message_pk', 'm.pk')
          .select([
            sql<string>`cast(${p.pk} as text)`.as('pk'),
            ...(['m.tenant_id', 'm.account_pk', 'm.pk as message_pk', 'm.id as message_id'] as const),
            sql<number>`cast(${p.attempt} as integer)`.as('attempt'),
            sql<string>`cast(${p.mail_from} as text)`.as('mail_from'),
            sql<number>`cast(${p.size_bytes} as bigint)`.as('size_bytes'),
            sql<number>`cast(${p.captured_at} as bigint)`.as('captured_at'),
            sql<string>`cast(${p.summary} as text)`.as('summary'),
          ])
          .where('m.pk', '=', p.message_pk)
          .where('e.pk', '=', p.event_pk),
      )
      .onConflict((oc) => oc.column('pk').doNothing()),
  );
  const insertRecipients = db.prepare<{ pk: string; rows: string }>((k, p) =>
    k
      .insertInto('captured_recipients')
      .columns(['mail_pk', 'position', 'address'])
      .expression((eb) =>
        eb
          .selectFrom('captured_mails as c')
          .innerJoin(
            db.dialect
              .rows<{ position: number; address: string }>(p.rows, { position: 'integer', address: 'text' })
              .as('r'),
            (join) => join.onTrue(),
          )
          .select(['c.pk as mail_pk', 'r.position', 'r.address'])
          .where('c.pk', '=', p.pk),
      )
      .onConflict((oc) => oc.columns(['mail_pk', 'position']).doNothing()),
  );
  const insertContent = db.prepare<{ pk: string; sealed_as: string | null; bytes: Uint8Array }>((k, p) =>
    k
      .insertInto('captured_contents')
      .columns(['mail_pk', 'sealed_as', 'bytes'])
      .expression((eb) =>
        eb
          .selectFrom('captured_mails as c')
          .select([
            'c.pk as mail_pk',
            sql<string | null>`cast(${p.sealed_as} as text)`.as('sealed_as'),
            sql<Uint8Array>`${p.bytes}`.as('bytes'),
          ])
          .where('c.pk', '=', p.pk),
      )
      .onConflict((oc) => oc.column('mail_pk').doNothing()),
  );

  return ({ from, to, bytes }, { messagePk, attempt, at, eventPk, index }) => {
    const pk = pkOf(eventPk, index);
    const content = contents.sealCaptured(pk, bytes);
    return [
      insertMail.bind({
        pk,
        message_pk: messagePk,
        event_pk: eventPk,
        attempt,
        mail_from: from,
        size_bytes: bytes.byteLength,
        captured_at: at,
        summary: contents.sealSummary(pk, JSON.stringify(summaryOf(headOf(bytes)))),
      }),
      insertRecipients.bind({ pk, rows: rowsJson(to.map((address, position) => ({ position, address }))) }),
      insertContent.bind({ pk, sealed_as: content.sealedAs, bytes: content.bytes }),
    ];
  };
}

const LAST_DIGITS = 4;

/** The same for the same transaction, so that a unit whose commit was in doubt may be written again. */
function pkOf(eventPk: string, index: number): string {
  const last = (Number.parseInt(eventPk.slice(-LAST_DIGITS), 16) + index) % 16 ** LAST_DIGITS;
  return eventPk.slice(0, -LAST_DIGITS) + last.toString(16).padStart(LAST_DIGITS, '0');
}

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Awaited, PecDatabase, PecMessagesTable, PecRecipientsTable } from '../receipts.table.ts';

export interface DueMessage {
  readonly message_pk: string;
  readonly tenant_id: string;
  readonly due_at: number;
}

export interface DueRecipient extends DueMessage {
  readonly position: number;
  readonly address: string;
  readonly awaits: Awaited;
  readonly give_up_at: number;
}

/** With the client's id. */
export type FoundMail = PecMessagesTable & { readonly id: string };

/** More than that are none of which one could be meant. */
export const MAX_CANDIDATES = 10;

interface Key {
  readonly message_pk: string;
}
type RecipientKey = Key & { readonly position: number; readonly due_at: number; readonly awaits: string };

export function prepareAwaitedStatements(database: PecDatabase) {
  return {
    ...prepareReads(database),
    begin: database.prepare<Key & { readonly sender: string }>((k, p) =>
      k
        .insertInto('pec_messages')
        .columns(['message_pk', 'tenant_id', 'account_pk', 'reference', 'sender', 'is_open'])
        .expression((eb) =>
          eb
            .selectFrom('messages as m')
            .select((select) => [
              'm.pk',
              'm.tenant_id',
              'm.account_pk',
              'm.message_id',
              select.cast<string>(select.val(p.sender), 'text').as('sender'),
              select.lit(1).as('is_open'),
            ])
            .where('m.pk', '=', p.message_pk),
        )
        // Tried again, by another account perhaps, or as something else.
        .onConflict((conflict) =>
          conflict.column('message_pk').doUpdateSet((eb) => ({
            is_open: 1,
            account_pk: eb.ref('excluded.account_pk'),
            reference: eb.ref('excluded.reference'),
            sender: eb.ref('excluded.sender'),
          })),
        ),
    ),
    // A message that was replaced between two attempts goes to others than it would have.
    dropReplaced: database.prepare<Key>((k, p) =>
      k
        .deleteFrom('pec_recipients')
        .where('message_pk', '=', p.message_pk)
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('message_recipients as r')
                .select('r.position')
                .whereRef('r.message_pk', '=', 'pec_recipients.message_pk')
                .whereRef('r.position', '=', 'pec_recipients.position')
                .whereRef('r.address', '=', 'pec_recipients.address'),
            ),
          ),
        ),
    ),
    beginRecipients: database.prepare<Key>((k, p) =>
      k
        .insertInto('pec_recipients')
        .columns(['message_pk', 'position', 'address', 'state'])
        .expression((eb) =>
          eb
            .selectFrom('message_recipients as r')
            .select((select) => [
              'r.message_pk',
              'r.position',
              'r.address',
              select.cast<'pending'>(select.val('pending'), 'text').as('state'),
            ])
            .where('r.message_pk', '=', p.message_pk),
        )
        .onConflict((conflict) => conflict.columns(['message_pk', 'position']).doNothing()),
    ),
    takeRecipients: database.prepare<Key>((k, p) =>
      k
        .updateTable('pec_recipients')
        .set((eb) => ({
          state: 'sent',
          said_at: eb
            .selectFrom('message_recipients as r')
            .select('r.updated_at')
            .whereRef('r.message_pk', '=', 'pec_recipients.message_pk')
            .whereRef('r.position', '=', 'pec_recipients.position'),
        }))
        .where('message_pk', '=', p.message_pk)
        .where('state', '=', 'pending')
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom('message_recipients as r')
              .select('r.position')
              .whereRef('r.message_pk', '=', 'pec_recipients.message_pk')
              .whereRef('r.position', '=', 'pec_recipients.position')
              .where('r.state', '=', 'sent'),
          ),
        ),
    ),
    take: database.prepare<Key>((k, p) =>
      k
        .updateTable('pec_messages')
        .set((eb) => ({
          taken_at: eb
            .selectFrom('message_recipients as r')
            .select((select) => select.fn.min('r.updated_at').as('at'))
            .where('r.message_pk', '=', p.message_pk)
            .where('r.state', '=', 'sent'),
        }))
        .where('message_pk', '=', p.message_pk)
        .where('taken_at', 'is', null),
    ),
    await: database.prepare<Key & { readonly acceptance_ms: number }>((k, p) =>
      k
        .updateTable('pec_messages')
        .set((eb) => ({ due_at: eb('taken_at', '+', p.acceptance_ms) }))
        .where('message_pk', '=', p.message_pk)
        .where('taken_at', 'is not', null)
        .where('due_at', 'is', null)
        .where('accepted_at', 'is', null)
        .where('refused_at', 'is', null)
        .where('timed_out_at', 'is', null)
        // It may have gone by an account that is none for certified mail, or not any more.
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom('messages as m')
              .innerJoin('pec_accounts as a', 'a.account_pk', 'm.account_pk')
              .select('m.pk')
              .where('m.pk', '=', p.message_pk),
          ),
        ),
    ),
    // Not before all that a relay took is seen: the message may have come to its end since.
    close: database.prepare<Key>((k, p) =>
      k
        .updateTable('pec_messages')
        .set({ is_open: 0 })
        .where('message_pk', '=', p.message_pk)
        .where((eb) =>
          eb.and([
            eb.exists(
              eb
                .selectFrom('messages as m')
                .select('m.pk')
                .where('m.pk', '=', p.message_pk)
                .where('m.state', '=', 'final'),
            ),
            eb.not(
              eb.exists(
                eb
                  .selectFrom('message_recipients as r')
                  .innerJoin('pec_recipients as q', (join) =>
                    join.onRef('q.message_pk', '=', 'r.message_pk').onRef('q.position', '=', 'r.position'),
                  )
                  .select('r.position')
                  .where('r.message_pk', '=', p.message_pk)
                  .where('r.state', '=', 'sent')
                  .where('q.state', '=', 'pending'),
              ),
            ),
          ]),
        ),
    ),
    messageTimedOut: database.prepare<Key & { readonly due_at: number; readonly now: number }>((k, p) =>
      k
        .updateTable('pec_messages')
        .set({ due_at: null, timed_out_at: p.now })
        .where('message_pk', '=', p.message_pk)
        .where('due_at', '=', p.due_at),
    ),
    noticed: database.prepare<RecipientKey & { readonly give_up_at: number }>((k, p) =>
      k
        .updateTable('pec_recipients')
        .set({ awaits: 'delivery', due_at: p.give_up_at })
        .where('message_pk', '=', p.message_pk)
        .where('position', '=', p.position)
        .where('due_at', '=', p.due_at)
        .where((eb) => eb('awaits', '=', eb.val(p.awaits as Awaited))),
    ),
    givenUp: database.prepare<RecipientKey & { readonly now: number }>((k, p) =>
      k
        .updateTable('pec_recipients')
        .set({ awaits: null, due_at: null, timed_out_at: p.now })
        .where('message_pk', '=', p.message_pk)
        .where('position', '=', p.position)
        .where('due_at', '=', p.due_at)
        .where((eb) => eb('awaits', '=', eb.val(p.awaits as Awaited))),
    ),
  };
}

interface Sent {
  readonly reference: string;
  /** Lower case. */
  readonly sender: string;
  readonly tenant_id: string;
}

function prepareReads(database: PecDatabase) {
  const bySent = (isOfTenant: boolean) =>
    database.prepare<Sent, FoundMail>((k, p) => {
      const query = k
        .selectFrom('pec_messages')
        .innerJoin('messages as m', 'm.pk', 'pec_messages.message_pk')
        .selectAll('pec_messages')
        .select('m.id')
        .where('pec_messages.reference', '=', p.reference)
        .where('pec_messages.sender', '=', p.sender)
        .limit(MAX_CANDIDATES + 1);
      return isOfTenant ? query.where('pec_messages.tenant_id', '=', p.tenant_id) : query;
    });
  return {
    find: database.prepare<Key, FoundMail>((k, p) =>
      k
        .selectFrom('pec_messages')
        .innerJoin('messages as m', 'm.pk', 'pec_messages.message_pk')
        .selectAll('pec_messages')
        .select('m.id')
        .where('pec_messages.message_pk', '=', p.message_pk),
    ),
    byReference: bySent(false),
    // Whoever chose the same Message-ID elsewhere hides none of them.
    byReferenceOfTenant: bySent(true),
    recipients: database.prepare<Key, PecRecipientsTable>((k, p) =>
      k.selectFrom('pec_recipients').selectAll().where('message_pk', '=', p.message_pk).orderBy('position'),
    ),
    // Not one with `or`: for that PostgreSQL reads all recipients there ever were.
    toCollect: database.prepare<{ readonly limit: number }, Pick<PecMessagesTable, 'message_pk' | 'tenant_id'>>(
      (k, p) => {
        const open = k
          .selectFrom('pec_messages as o')
          .select(['o.message_pk', 'o.tenant_id'])
          .where('o.is_open', '=', 1);
        const taken = open
          .innerJoin('pec_recipients as q', 'q.message_pk', 'o.message_pk')
          .innerJoin('message_recipients as r', (join) =>
            join.onRef('r.message_pk', '=', 'q.message_pk').onRef('r.position', '=', 'q.position'),
          )
          .where('r.state', '=', 'sent')
          .where('q.state', '=', 'pending');
        return open
          .innerJoin('messages as m', 'm.pk', 'o.message_pk')
          .where('m.state', '=', 'final')
          .union(taken)
          .orderBy('message_pk')
          .limit(p.limit);
      },
    ),
    dueMessages: database.prepare<{ readonly now: number; readonly limit: number }, DueMessage>((k, p) =>
      k
        .selectFrom('pec_messages')
        .select(['message_pk', 'tenant_id'])
        .select((eb) => eb.ref('due_at').$castTo<number>().as('due_at'))
        .where('due_at', '<=', p.now)
        .orderBy('due_at')
        .limit(p.limit),
    ),
    dueRecipients: database.prepare<{ readonly now: number; readonly limit: number }, DueRecipient>((k, p) =>
      k
        .selectFrom('pec_recipients as r')
        .innerJoin('pec_messages as o', 'o.message_pk', 'r.message_pk')
        .select(['r.message_pk', 'o.tenant_id', 'r.position', 'r.address'])
        .select((eb) => [
          // Both are there where something is awaited.
          eb.ref('r.due_at').$castTo<number>().as('due_at'),
          eb.ref('r.give_up_at').$castTo<number>().as('give_up_at'),
          eb.ref('r.awaits').$castTo<Awaited>().as('awaits'),
        ])
        .where('r.due_at', '<=', p.now)
        .orderBy('r.due_at')
        .limit(p.limit),
    ),
    awaitedMessages: database.prepare<object, { readonly count: number }>((k) =>
      k
        .selectFrom('pec_messages')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('due_at', 'is not', null),
    ),
    awaitedRecipients: database.prepare<object, { readonly count: number }>((k) =>
      k
        .selectFrom('pec_recipients')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('due_at', 'is not', null),
    ),
  };
}

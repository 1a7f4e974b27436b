// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { Statement, StatementResult } from '../database/statement.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { AcceptedState } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { insertAll } from './accept.ts';
import { prepareAcceptStatements } from './accept-statements.ts';

/** Messages as part of somebody's unit. */
export interface AcceptInUnit {
  /** Store messages, each unless its id is taken. */
  statements(drafts: readonly MessageDraft[]): readonly Statement[];
  /** Those that were stored, and how, from what the statements answered. */
  stored(
    drafts: readonly MessageDraft[],
    results: readonly StatementResult[],
  ): readonly { readonly draft: MessageDraft; readonly state: AcceptedState }[];
  /** Which of the ids the tenant has already, or had before their messages were removed. */
  known(tenantId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
}

export function prepareAcceptInUnit(db: Database<CoreSchema>, stepMs: number): AcceptInUnit {
  const statements = prepareAcceptStatements(db);
  const known = db.prepare<{ tenant_id: string; rows: string }, { id: string }>((k, p) => {
    const asked = k.selectFrom(db.dialect.rows<{ id: string }>(p.rows, { id: 'text' }).as('r')).select('r.id');
    return k
      .selectFrom('messages')
      .select('id')
      .where('tenant_id', '=', p.tenant_id)
      .where('id', 'in', asked)
      .union(
        // Of messages that were removed: what was sent once is not sent again.
        k.selectFrom('message_ends').select('id').where('tenant_id', '=', p.tenant_id).where('id', 'in', asked),
      );
  });
  return {
    statements: (drafts) => (drafts.length === 0 ? [] : insertAll(statements, drafts, stepMs)),
    stored(drafts, [inserted]) {
      // The statement of the messages comes first and returns these.
      const rows = (inserted?.rows ?? []) as readonly { readonly pk: string; readonly state: AcceptedState }[];
      const states = new Map(rows.map(({ pk, state }) => [pk, state]));
      return drafts.flatMap((draft) => {
        const state = states.get(draft.message.pk);
        return state === undefined ? [] : [{ draft, state }];
      });
    },
    async known(tenantId, ids) {
      const rows = await db.read(known.bind({ tenant_id: tenantId, rows: rowsJson(ids.map((id) => ({ id }))) }));
      return new Set(rows.map(({ id }) => id));
    },
  };
}

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CoreSchema, Database } from '@mail-proxy/core';

/** A message that was sent, as far as a bounce has to know it. */
export interface SentMail {
  readonly pk: string;
  readonly tenantId: string;
  /** The client's. */
  readonly id: string;
  /** With brackets. */
  readonly messageId: string;
  readonly recipients: readonly SentRecipient[];
}

export interface SentRecipient {
  readonly address: string;
  /** A relay took it. */
  readonly isSent: boolean;
  /** Milliseconds: when it became what it is. */
  readonly since: number;
}

/** Finds messages by what a bounce says of them, among those of one tenant; null is any. */
export interface SentMailStore {
  byPk(pk: string, tenantId: string | null): Promise<SentMail | null>;
  /** By a Message-ID that its client chose, with brackets: several may have it. */
  byGivenMessageId(messageId: string, tenantId: string | null): Promise<readonly SentMail[]>;
  /** By the client's id, of which each tenant may have one. */
  byId(id: string, tenantId: string | null): Promise<readonly SentMail[]>;
  /** Of which the message's history tells that its mail to them bounced. */
  bouncedAddresses(pk: string): Promise<readonly string[]>;
}

/** More than that are none of which one could be meant: then nothing is found. */
const MAX_CANDIDATES = 10;

interface Row {
  readonly pk: string;
  readonly tenant_id: string;
  readonly id: string;
  readonly message_id: string;
}

export function createSentMailStore(database: Database<CoreSchema>): SentMailStore {
  const columns = ['pk', 'tenant_id', 'id', 'message_id'] as const;
  const byPk = database.prepare<{ pk: string }, Row>((k, p) =>
    k.selectFrom('messages').select(columns).where('pk', '=', p.pk),
  );
  const byId = database.prepare<{ id: string }, Row>((k, p) =>
    k
      .selectFrom('messages')
      .select(columns)
      .where('id', '=', p.id)
      .limit(MAX_CANDIDATES + 1),
  );
  const byIdOfTenant = database.prepare<{ id: string; tenant_id: string }, Row>((k, p) =>
    k.selectFrom('messages').select(columns).where('id', '=', p.id).where('tenant_id', '=', p.tenant_id),
  );
  const byGivenMessageId = database.prepare<{ message_id: string }, Row>((k, p) =>
    k
      .selectFrom('messages')
      .select(columns)
      .where('message_id', '=', p.message_id)
      // As the index of these says it.
      .where((eb) => eb(eb.fn('substr', ['message_id', eb.lit(2), eb.fn('length', ['pk'])]), '<>', eb.ref('pk')))
      .limit(MAX_CANDIDATES + 1),
  );
  const byGivenMessageIdOfTenant = database.prepare<{ message_id: string; tenant_id: string }, Row>((k, p) =>
    k
      .selectFrom('messages')
      .select(columns)
      .where('message_id', '=', p.message_id)
      .where((eb) => eb(eb.fn('substr', ['message_id', eb.lit(2), eb.fn('length', ['pk'])]), '<>', eb.ref('pk')))
      .where('tenant_id', '=', p.tenant_id)
      .limit(MAX_CANDIDATES + 1),
  );
  const recipients = database.prepare<{ pk: string }, { address: string; state: string; updated_at: number }>((k, p) =>
    k
      .selectFrom('message_recipients')
      .select(['address', 'state', 'updated_at'])
      .where('message_pk', '=', p.pk)
      .orderBy('position'),
  );

  const feedback = database.prepare<{ pk: string }, { type: string; address: string | null }>((k, p) =>
    k.selectFrom('message_feedback').select(['type', 'address']).distinct().where('message_pk', '=', p.pk),
  );

  const withRecipients = async (rows: readonly Row[]): Promise<readonly SentMail[]> => {
    if (rows.length > MAX_CANDIDATES) return [];
    const found = await database.readAll(rows.map(({ pk }) => recipients.bind({ pk })));
    return rows.map((row, index) => ({
      pk: row.pk,
      tenantId: row.tenant_id,
      id: row.id,
      messageId: row.message_id,
      recipients: (found[index]?.rows ?? []).map(({ address, state, updated_at }) => ({
        address,
        isSent: state === 'sent',
        since: updated_at,
      })),
    }));
  };

  return {
    async byPk(pk, tenantId) {
      const rows = await database.read(byPk.bind({ pk }));
      const [mail] = await withRecipients(rows.filter((row) => tenantId === null || row.tenant_id === tenantId));
      return mail ?? null;
    },
    byGivenMessageId: async (message_id, tenant_id) =>
      withRecipients(
        await database.read(
          tenant_id === null
            ? byGivenMessageId.bind({ message_id })
            : byGivenMessageIdOfTenant.bind({ message_id, tenant_id }),
        ),
      ),
    byId: async (id, tenant_id) =>
      withRecipients(
        await database.read(tenant_id === null ? byId.bind({ id }) : byIdOfTenant.bind({ id, tenant_id })),
      ),
    async bouncedAddresses(pk) {
      const told = await database.read(feedback.bind({ pk }));
      return told.flatMap(({ type, address }) => (type === 'bounce' && address !== null ? [address] : []));
    },
  };
}

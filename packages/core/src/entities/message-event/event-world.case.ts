// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { copyFileSync } from 'node:fs';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import { systemClock } from '../../clock.ts';
import type { Database } from '../../database/database.ts';
import { CORE_MIGRATIONS } from '../../database/migrations/index.ts';
import { migrate } from '../../database/migrations/migrate.ts';
import { openDatabase } from '../../database/open.ts';
import { type MakePk, pkGenerator } from '../../identity.ts';
import type { CoreSchema } from '../schema.ts';
import { prepareInsertEvent } from './message-event.store.ts';
import type { EventDetail, EventType, MessageEventsTable } from './message-event.table.ts';

/** A database of one test, with tenants that have messages which have events. */
export interface EventWorld extends AsyncDisposable {
  /** For another database object on the same rows; the file of SQLite takes one at a time. */
  readonly url: string;
  readonly database: Database<CoreSchema>;
  readonly makePk: MakePk;
  /** A tenant `id` with the account `relay` and the message `<id>-mail` of batch `spring`. */
  addTenant(id: string, baseUrl?: string): Promise<void>;
  /** Another message of the tenant, with this id. */
  addMessage(tenantId: string, id: string): Promise<void>;
  /** An event of the tenant's message, or of that with an id; tells its own. `at` is 2026-03-01T10:00:00.500Z unless told. */
  addEvent(tenantId: string, event?: AddedEvent): Promise<string>;
  eventsOf(tenantId: string): Promise<readonly Pick<MessageEventsTable, 'pk' | 'seq'>[]>;
  /** Close the database only, as a process that ends. */
  close(): Promise<void>;
}

export interface AddedEvent {
  readonly type?: EventType;
  readonly detail?: EventDetail;
  readonly at?: number;
  readonly message?: string;
}

export const EVENT_AT = Date.UTC(2026, 2, 1, 10, 0, 0, 500);

/** Open a new SQLite file, which goes with the world. */
export async function openSqliteWorld(): Promise<EventWorld> {
  const dir = tempDir();
  const file = dir.file('events.db');
  copyFileSync(inject('sqliteMigrated'), file);
  const world = await openWorld(file);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

/** Make a database on the server of `serverUrl`, as a copy of its database `migrated`, which goes with the world. */
export async function openPostgresWorld(serverUrl: string | undefined, migrated?: string): Promise<EventWorld> {
  if (serverUrl === undefined) throw new Error('there is no PostgreSQL server for this test');
  const made = await createDatabase(serverUrl, migrated);
  const world = await openWorld(made.url);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await made.drop();
    },
  };
}

export async function openWorld(url: string): Promise<EventWorld> {
  const opened = await openDatabase<unknown>(url);
  await migrate(opened, [CORE_MIGRATIONS], systemClock.now());
  const database = opened.withTables<CoreSchema>();
  const makePk = pkGenerator(systemClock);
  let open = true;
  const close = async (): Promise<void> => {
    if (open) await database[Symbol.asyncDispose]();
    open = false;
  };
  const insertTenant = database.prepare<{ id: string; url: string | null }>((k, p) =>
    k.insertInto('tenants').values({
      id: p.id,
      name: null,
      client_base_url: p.url,
      weight: 1,
      limit_unit: 'message',
      refuse_over_limit: 0,
      on_in_doubt: 'retry',
      created_at: 1,
      updated_at: 1,
    }),
  );
  const insertAccount = database.prepare<{ pk: string; tenant_id: string }>((k, p) =>
    k.insertInto('accounts').values({
      pk: p.pk,
      tenant_id: p.tenant_id,
      id: 'relay',
      type: 'smtp',
      host: '127.0.0.1',
      port: 25,
      username: null,
      password: null,
      tls: 'none',
      host_checked: 0,
      tls_servername: null,
      tls_ca: null,
      tls_insecure: 0,
      is_default: 1,
      max_connections: 1,
      max_messages_per_connection: 1,
      weight: 1,
      limit_behavior: 'defer',
      limit_unit: 'message',
      auth_method: 'auto',
      version: 1,
      created_at: 1,
      updated_at: 1,
    }),
  );
  const insertMessage = database.prepare<{ pk: string; tenant_id: string; id: string; account_pk: string }>((k, p) =>
    k.insertInto('messages').values({
      pk: p.pk,
      tenant_id: p.tenant_id,
      id: p.id,
      account_pk: p.account_pk,
      state: 'final',
      result: 'sent',
      priority: 2,
      eligible_at: 1,
      rank: 1,
      owner_session: null,
      attempts: 1,
      batch_code: 'spring',
      message_id: '<1@mail.example>',
      expires_at: null,
      on_in_doubt: 'retry',
      units: 1,
      unfetched: 0,
      size_bytes: 0,
      content_removed: 0,
      fetch_attempts: 0,
      last_error: null,
      created_at: 1,
      updated_at: 1,
      final_at: 1,
    }),
  );
  const insertEvent = prepareInsertEvent(database);
  const list = database.prepare<{ tenant_id: string }, Pick<MessageEventsTable, 'pk' | 'seq'>>((k, p) =>
    k.selectFrom('message_events').select(['pk', 'seq']).where('tenant_id', '=', p.tenant_id).orderBy('pk'),
  );
  const messages = new Map<string, string>();
  const accounts = new Map<string, string>();

  return {
    url,
    database,
    makePk,
    async addTenant(id, baseUrl) {
      const account = makePk();
      const message = makePk();
      messages.set(`${id}/${id}-mail`, message);
      accounts.set(id, account);
      await database.write([
        insertTenant.bind({ id, url: baseUrl ?? null }),
        insertAccount.bind({ pk: account, tenant_id: id }),
        insertMessage.bind({ pk: message, tenant_id: id, id: `${id}-mail`, account_pk: account }),
      ]);
    },
    async addMessage(tenantId, id) {
      const pk = makePk();
      messages.set(`${tenantId}/${id}`, pk);
      await database.write([
        insertMessage.bind({ pk, tenant_id: tenantId, id, account_pk: accounts.get(tenantId) ?? '' }),
      ]);
    },
    async addEvent(tenantId, { type = 'sent', detail = {}, at = EVENT_AT, message = `${tenantId}-mail` } = {}) {
      const pk = makePk();
      await database.write([
        insertEvent.bind({
          pk,
          tenant_id: tenantId,
          message_pk: messages.get(`${tenantId}/${message}`) ?? '',
          account_pk: null,
          type,
          at,
          attempt: 1,
          detail: JSON.stringify(detail),
          seq: null,
        }),
      ]);
      return pk;
    },
    eventsOf: (tenantId) => database.read(list.bind({ tenant_id: tenantId })),
    close,
    [Symbol.asyncDispose]: close,
  };
}

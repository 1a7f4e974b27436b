// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../src/database/database.ts';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import type { AccountsTable } from '../../src/entities/account/account.table.ts';
import type { MessageRecipientsTable, MessagesTable } from '../../src/entities/message/message.table.ts';
import type { MessageDraft } from '../../src/entities/message/message-draft.ts';
import type { MessageEventsTable } from '../../src/entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { type MakePk, pkGenerator } from '../../src/identity.ts';
import { prepareAccept } from '../../src/queue/accept.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { createSessionStore, type SessionStore } from '../../src/queue/sessions.ts';
import type { Settlement } from '../../src/queue/settle.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** An empty database that only one test knows. */
export interface OpenedStore {
  readonly database: Database<unknown>;
  /** Open the same database once more; null where one process may do so once only. */
  readonly connect: (() => Promise<Database<unknown>>) | null;
  readonly dispose: () => Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;

/** Ten minutes, as the configuration's default. */
export const STEP_MS = 600_000;

export type DraftChanges = Partial<MessageDraft['message']> & {
  readonly to?: readonly string[];
  readonly attachments?: MessageDraft['attachments'];
};

/** A migrated database with one tenant and one account, and what tests ask of it. */
export interface World extends AsyncDisposable {
  readonly database: Database<CoreSchema>;
  readonly clock: VirtualClock;
  readonly makePk: MakePk;
  readonly sessions: SessionStore;
  readonly tenantId: string;
  readonly accountPk: string;
  /** Another connection to the same database, or the same object where there is but one. */
  connect(): Promise<Database<CoreSchema>>;
  addTenant(id: string): Promise<void>;
  addAccount(tenantId: string, id: string): Promise<string>;
  draft(changes?: DraftChanges): MessageDraft;
  /** Accept a message; its primary key. */
  accept(changes?: DraftChanges): Promise<string>;
  /** Begin a session and let it take everything that is ready in the first account. */
  claimAll(): Promise<{ readonly session: number; readonly pks: readonly string[] }>;
  settlement(pk: string, session: number, changes?: Partial<Settlement>): Settlement;
  message(pk: string): Promise<MessagesTable>;
  messages(): Promise<readonly MessagesTable[]>;
  recipients(pk: string): Promise<readonly MessageRecipientsTable[]>;
  events(pk: string): Promise<readonly MessageEventsTable[]>;
}

export async function createWorld(open: OpenStore): Promise<World> {
  const store = await open();
  const clock = new VirtualClock();
  await migrate(store.database, [CORE_MIGRATIONS], clock.now());
  const database = store.database.withTables<CoreSchema>();
  const makePk = pkGenerator(clock);
  const { addTenant, addAccount } = seeding(database, clock, makePk);
  const tenantId = 'acme';
  await addTenant(tenantId);
  const accountPk = await addAccount(tenantId, 'main');
  const sessions = createSessionStore(database, makePk);
  const acceptDraft = prepareAccept(database, STEP_MS);
  const claim = prepareClaim(database);
  const others: Database<unknown>[] = [];

  const draft = ({ to = ['ann@example.org'], attachments = [], ...changes }: DraftChanges = {}): MessageDraft => {
    const pk = changes.pk ?? makePk();
    return {
      message: {
        pk,
        tenant_id: tenantId,
        id: pk,
        account_pk: accountPk,
        priority: 2,
        eligible_at: clock.now(),
        batch_code: null,
        message_id: `<${pk}@example.org>`,
        expires_at: null,
        on_in_doubt: 'retry',
        units: to.length,
        unfetched: attachments.filter(({ content }) => content === null).length,
        size_bytes: 2,
        created_at: clock.now(),
        ...changes,
      },
      content: '{}',
      recipients: to.map((address) => ({ kind: 'to', address })),
      attachments,
    };
  };

  return {
    database,
    clock,
    makePk,
    sessions,
    tenantId,
    accountPk,
    addTenant,
    addAccount,
    draft,
    ...reading(database),
    async connect() {
      if (store.connect === null) return database;
      const other = await store.connect();
      others.push(other);
      return other.withTables<CoreSchema>();
    },
    async accept(changes) {
      const made = draft(changes);
      await acceptDraft(made);
      return made.message.pk;
    },
    async claimAll() {
      const session = await sessions.start('test', clock.now());
      const options = { session, now: clock.now(), immediateOnly: false };
      const [lane = []] = await claim([{ accountPk, tenantId, quota: 10_000, limits: null }], options);
      return { session, pks: lane.map((message) => message.pk) };
    },
    settlement: (pk, session, changes) => ({
      pk,
      tenantId,
      session,
      now: clock.now(),
      state: 'final',
      result: 'sent',
      attempts: 1,
      eligibleAt: null,
      lastError: null,
      units: 0,
      uses: [],
      recipients: [],
      event: { type: 'sent', attempt: 1, detail: {} },
      ...changes,
    }),
    async [Symbol.asyncDispose]() {
      for (const other of others) await other[Symbol.asyncDispose]();
      await store.dispose();
    },
  };
}

function seeding(database: Database<CoreSchema>, clock: VirtualClock, makePk: MakePk) {
  const insertTenant = database.prepare<{ id: string; now: number }>((k, p) =>
    k.insertInto('tenants').values({
      id: p.id,
      name: null,
      client_base_url: null,
      client_sync_path: null,
      client_attachment_path: null,
      client_auth: null,
      suspended_at: null,
      weight: 1,
      limit_per_minute: null,
      limit_per_hour: null,
      limit_per_day: null,
      limit_unit: 'message',
      refuse_over_limit: 0,
      on_in_doubt: 'retry',
      retry: null,
      reply_rules: null,
      allow_private_networks: null,
      allowed_hosts: null,
      retention: null,
      max_pending: null,
      max_bytes: null,
      created_at: p.now,
      updated_at: p.now,
    }),
  );
  const insertAccount = database.prepare<Pick<AccountsTable, 'pk' | 'tenant_id' | 'id' | 'created_at'>>((k, p) =>
    k.insertInto('accounts').values({
      pk: p.pk,
      tenant_id: p.tenant_id,
      id: p.id,
      type: 'smtp',
      host: 'relay.example.org',
      port: 25,
      username: null,
      password: null,
      tls: 'none',
      host_checked: 0,
      tls_servername: null,
      tls_ca: null,
      tls_insecure: 0,
      is_default: 0,
      max_connections: 5,
      max_messages_per_connection: 100,
      weight: 1,
      limit_per_minute: null,
      limit_per_hour: null,
      limit_per_day: null,
      limit_behavior: 'defer',
      limit_unit: 'message',
      auth_method: 'auto',
      oauth: null,
      tls_min_version: null,
      tls_client_cert: null,
      tls_client_key: null,
      ehlo_name: null,
      retry: null,
      version: 1,
      created_at: p.created_at,
      updated_at: p.created_at,
    }),
  );
  return {
    async addTenant(id: string): Promise<void> {
      await database.write([insertTenant.bind({ id, now: clock.now() })]);
    },
    async addAccount(tenant_id: string, id: string): Promise<string> {
      const pk = makePk();
      await database.write([insertAccount.bind({ pk, tenant_id, id, created_at: clock.now() })]);
      return pk;
    },
  };
}

function reading(database: Database<CoreSchema>): Pick<World, 'message' | 'messages' | 'recipients' | 'events'> {
  const all = database.prepare<object, MessagesTable>((k) => k.selectFrom('messages').selectAll().orderBy('pk'));
  const one = database.prepare<{ pk: string }, MessagesTable>((k, p) =>
    k.selectFrom('messages').selectAll().where('pk', '=', p.pk),
  );
  const recipients = database.prepare<{ pk: string }, MessageRecipientsTable>((k, p) =>
    k.selectFrom('message_recipients').selectAll().where('message_pk', '=', p.pk).orderBy('position'),
  );
  const events = database.prepare<{ pk: string }, MessageEventsTable>((k, p) =>
    k.selectFrom('message_events').selectAll().where('message_pk', '=', p.pk).orderBy('pk'),
  );
  return {
    messages: () => database.read(all.bind({})),
    async message(pk) {
      const [row] = await database.read(one.bind({ pk }));
      if (row === undefined) throw new Error(`there is no message ${pk}`);
      return row;
    },
    recipients: (pk) => database.read(recipients.bind({ pk })),
    events: (pk) => database.read(events.bind({ pk })),
  };
}

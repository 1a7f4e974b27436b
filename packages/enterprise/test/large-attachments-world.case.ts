// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  createMailEngine,
  defineMixin,
  type MailEngine,
  type MessageInput,
  type Mixin,
  type MixinContext,
} from '@mail-proxy/core';
import { type SmtpSink, type SmtpSinkOptions, startSmtpSink } from '@mail-proxy/testkit';
import PostalMime, { type Email } from 'postal-mime';
import { largeAttachments } from '../src/large-attachments/large-attachments.mixin.ts';
import type { LargeDatabase, LargeSchema } from '../src/large-attachments/large-attachments.table.ts';
import { type MemoryStores, openMemoryStores } from '../src/object-storage/memory-stores.case.ts';
import { pec } from '../src/pec/pec.mixin.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';

export const MB = 1_048_576;
export const BASE = 'https://mail.example.com';
export const STORAGE = 's3://mail/large';

/** What links are made of, unless a test says otherwise. */
export const REWRITE = {
  enabled: true,
  max_size_mb: 0.01,
  action: 'rewrite',
  storage_url: STORAGE,
  public_base_url: BASE,
};

/** Larger than the limit above. */
export const LARGE = Buffer.alloc(20_000, 'large ');
export const SMALL = Buffer.from('small');

/** An engine with large attachments and storages in memory; tenants `acme` and `other` have a relay each. */
export interface LargeWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly sink: SmtpSink;
  readonly stores: MemoryStores;
  /** What mixins are given, of the one that is tested. */
  readonly context: MixinContext;
  run<Output>(operation: string, input: object): Promise<Output>;
  configure(config: object | null, tenantId?: string): Promise<void>;
  submit(id: string, message?: Partial<MessageInput>, tenantId?: string): Promise<void>;
  /** Submit a message, and wait for its end. */
  send(id: string, message?: Partial<MessageInput>, tenantId?: string): Promise<Ended>;
  ended(id: string, tenantId?: string): Promise<Ended>;
  events(id: string, tenantId?: string): Promise<readonly ShownEvent[]>;
  /** All rows of a table of the mixin, in the order in which they came. */
  rows<Table extends 'large_files' | 'large_links'>(table: Table): Promise<readonly LargeSchema[Table][]>;
}

export interface Ended {
  readonly event: string;
  readonly error: string | null;
  /** As the relay got it; null where it got none. */
  readonly mail: Email | null;
}

export interface ShownEvent {
  readonly type: string;
  readonly reason: string;
  readonly extra: Readonly<Record<string, string | number | boolean | null>>;
}

export interface LargeWorldOptions extends SmtpSinkOptions {
  readonly stores?: MemoryStores;
  /** In place of those in memory. */
  readonly storages?: { readonly mixin: Mixin; readonly config: object };
  /** An own one, that stays. */
  readonly database?: string;
  /** The tenants are there already. */
  readonly isAgain?: boolean;
  readonly config?: object;
  readonly mixinConfig?: object;
  /** @defaultValue that of the package */
  readonly mixin?: Mixin;
}

export async function openLargeWorld(make: Made, options: LargeWorldOptions = {}): Promise<LargeWorld> {
  const { stores = openMemoryStores(), mixin = largeAttachments } = options;
  const made = options.database === undefined ? await make() : null;
  const sink = await startSmtpSink(options);
  let given: MixinContext | null = null;
  const observed = defineMixin({
    ...mixin,
    setup(context) {
      given = context;
      return mixin.setup(context);
    },
  });
  const engine = await createMailEngine({
    config: {
      database: options.database ?? made?.database ?? '',
      encryptionKey: Buffer.alloc(32, 7).toString('base64'),
      retry: { baseMs: 50, maxDelayMs: 200 },
      ...options.config,
    },
    mixins: [pec, options.storages?.mixin ?? stores.mixin, observed],
    mixinConfig: { 'large-attachments': options.mixinConfig, storages: options.storages?.config },
  });
  const run = async <Output>(operation: string, input: object): Promise<Output> =>
    // As the operation's own schema says.
    (await engine.execute(operation, input)) as Output;
  for (const tenant_id of ['acme', 'other']) {
    const relay = { tenant_id, host: '127.0.0.1', port: sink.port, tls: 'none' };
    if (options.isAgain === true) {
      await run('accounts.update', { tenant_id, account_id: 'relay', port: sink.port });
    } else {
      await run('tenants.create', { id: tenant_id });
      await run('accounts.create', { ...relay, id: 'relay' });
    }
  }
  await engine.start();
  const context = contextOf(given);
  const database: LargeDatabase = context.database.withTables();

  const submit: LargeWorld['submit'] = async (id, message = {}, tenantId = 'acme') => {
    const mail = { id, from: 'shop@example.com', to: ['ann@example.org'], subject: id, text: 'Hello.\n' };
    const { results } = await engine.submit([{ account_id: 'relay', ...mail, ...message }], { tenantId });
    const [result] = results;
    if (result?.status !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(result)}`);
  };
  const ended: LargeWorld['ended'] = async (id, tenantId = 'acme') => {
    const ends = ['sent', 'partially_sent', 'error'];
    const events = await eventsUntil(engine, tenantId, (event) => event.id === id && ends.includes(event.event));
    const end = events.at(-1);
    const { message_id } = await run<{ message_id: string }>('messages.get', { message_id: id, tenant_id: tenantId });
    const got = sink.messages.find(({ messageId }) => messageId === message_id);
    return {
      event: end?.event ?? '',
      error: end !== undefined && 'error' in end ? end.error : null,
      mail: got === undefined ? null : await PostalMime.parse(got.raw),
    };
  };
  return {
    ...{ engine, sink, stores, context, run, submit, ended },
    async configure(config, tenantId = 'acme') {
      await run('tenants.update', { tenant_id: tenantId, large_file_config: config });
    },
    async send(id, message, tenantId) {
      await submit(id, message, tenantId);
      return ended(id, tenantId);
    },
    async events(id, tenantId = 'acme') {
      type Page = { readonly items: readonly ShownEvent[] };
      const { items } = await run<Page>('messages.events', { message_id: id, tenant_id: tenantId });
      return items.filter(({ type }) => type.startsWith('large_attachments_'));
    },
    async rows(table) {
      const all = database.prepare((k) =>
        k
          .selectFrom(table as 'large_links')
          .selectAll()
          .orderBy('pk'),
      );
      // The rows of the table that is named.
      return (await database.read(all.bind({}))) as readonly LargeSchema[typeof table][];
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await sink.close();
      await made?.drop();
    },
  };
}

function contextOf(given: MixinContext | null): MixinContext {
  if (given === null) throw new Error('the mixin was not set up');
  return given;
}

/** A file of a message. */
export function attachment(filename: string, content: Buffer, change: object = {}) {
  return { filename, content, ...change };
}

/** All URLs that are in a text, or in the links of HTML. */
export function linksIn(body: string | undefined): readonly string[] {
  return [...(body ?? '').matchAll(/https?:\/\/[^\s"<>]+/g)].map(([url]) => url.replaceAll('&amp;', '&'));
}

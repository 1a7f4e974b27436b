// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import {
  type Clock,
  createMailEngine,
  defineMixin,
  type MailEngine,
  type MixinContext,
  type MixinParts,
  systemClock,
} from '@mail-proxy/core';
import { eventually, type SmtpSink, startSmtpSink } from '@mail-proxy/testkit';
import { CLEAN_EVERY_MS } from '../src/large-attachments/cleaning/clean-up.ts';
import { DELETE_MS } from '../src/large-attachments/cleaning/delete-file.ts';
import { largeAttachments } from '../src/large-attachments/large-attachments.mixin.ts';
import type { LargeDatabase, LargeFilesTable } from '../src/large-attachments/large-attachments.table.ts';
import type { DetachedData } from '../src/large-attachments/preparing/rewrite.ts';
import { type MemoryStores, openMemoryStores } from '../src/object-storage/memory-stores.case.ts';
import { leapingClock, type Made } from './bounce-world.case.ts';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
const BASE = 'https://files.example.com';
const NEVER = new AbortController().signal;

/** An engine whose tenants `acme` and `other` have their large attachments as links, in storages in memory. */
export interface LinksWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly stores: MemoryStores;
  readonly clock: LinksClock;
  /** What the mixin was given, for looks behind it. */
  readonly context: MixinContext;
  readonly database: LargeDatabase;
  /** The address of the database. */
  readonly address: string;
  readonly logged: readonly { readonly fields: object; readonly message: string }[];
  run<Output>(operation: string, input: object): Promise<Output>;
  /** Make the file of a message a link, as the hook does. */
  link(id: string, file?: Partial<GivenFile>): Promise<Linked>;
  /** Ask as the HTTP of a server does. */
  ask(url: string, init?: RequestInit): Promise<Response>;
  show(linkId: string, tenantId?: string): Promise<Shown>;
  files(): Promise<readonly LargeFilesTable[]>;
  eventsOf(id: string, tenantId?: string): Promise<readonly Event[]>;
  /** Let the clean-up run until this is so. */
  until<T>(isSo: () => Promise<T>): Promise<T>;
}

export interface GivenFile {
  readonly tenantId: string;
  readonly filename: string;
  readonly mimeType: string;
  readonly content: string;
}

export interface Linked {
  readonly id: string;
  readonly url: string;
}

export interface Shown {
  readonly id: string;
  readonly state: string;
  readonly kind: string;
  readonly filename: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly downloads: number;
  readonly first_downloaded_at: string | null;
  readonly last_downloaded_at: string | null;
}

export interface Event {
  readonly type: string;
  readonly reason: string;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface LinksClock extends Clock {
  leap(ms: number): void;
  /** The clean-up that waits for its time begins. */
  tick(): void;
  /** What is being deleted has had its time. */
  late(): void;
}

function linksClock(): LinksClock {
  const leaping = leapingClock();
  let next = Promise.withResolvers<void>();
  const deleting = new Set<() => void>();
  return {
    ...leaping,
    late() {
      for (const end of deleting) end();
    },
    after(ms, end) {
      if (ms !== DELETE_MS) return leaping.after(ms, end);
      deleting.add(end);
      return { [Symbol.dispose]: () => void deleting.delete(end) };
    },
    tick() {
      const { resolve } = next;
      next = Promise.withResolvers<void>();
      resolve();
    },
    async sleep(ms, signal) {
      if (ms !== CLEAN_EVERY_MS || signal?.aborted) return systemClock.sleep(ms, signal);
      const aborted = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => aborted.resolve());
      await Promise.race([next.promise, aborted.promise]);
    },
  };
}

export interface LinksOptions {
  /** More of the tenants' settings. */
  readonly config?: object;
  /** An own one, that stays, with its tenants. */
  readonly again?: { readonly database: string; readonly stores: MemoryStores; readonly clock: LinksClock };
}

export async function openLinksWorld(make: Made, options: LinksOptions = {}): Promise<LinksWorld> {
  const { config = {}, again } = options;
  const made = again === undefined ? await make() : null;
  const address = again?.database ?? made?.database ?? '';
  const stores = again?.stores ?? openMemoryStores();
  const clock = again?.clock ?? linksClock();
  const logged: { fields: object; message: string }[] = [];
  const sink: SmtpSink = await startSmtpSink();
  const given = Promise.withResolvers<{ readonly context: MixinContext; readonly parts: MixinParts }>();
  const watched = defineMixin({
    ...largeAttachments,
    async setup(context) {
      const note = (fields: object, message: string) => void logged.push({ fields, message });
      const log = { debug: note, info: note, warn: note, error: note };
      const parts = await largeAttachments.setup({ ...context, log });
      given.resolve({ context, parts });
      return parts;
    },
  });
  const engine = await createMailEngine({
    clock,
    config: {
      database: address,
      encryptionKey: Buffer.alloc(32, 7).toString('base64'),
      // The clock leaps further than heartbeats come.
      delivery: { ehloName: 'proxy.test', leaseMs: 10_000 * DAY },
    },
    mixins: [stores.mixin, watched],
  });
  const { context, parts } = await given.promise;
  const large_file_config = {
    ...{ enabled: true, max_size_mb: 0, action: 'rewrite', storage_url: 's3://bucket/prefix', public_base_url: BASE },
    ...config,
  };
  for (const id of again === undefined ? ['acme', 'other'] : []) {
    await engine.execute('tenants.create', { id, large_file_config });
    const relay = { tenant_id: id, id: 'relay', host: '127.0.0.1', port: sink.port, tls: 'none' };
    await engine.execute('accounts.create', relay);
  }
  await engine.start();
  const run = async <Output>(operation: string, input: object): Promise<Output> =>
    // As the operation's own schema says.
    (await engine.execute(operation, input)) as Output;
  const database: LargeDatabase = context.database.withTables();
  const allFiles = database.prepare<object, LargeFilesTable>((k) =>
    k.selectFrom('large_files').selectAll().orderBy('pk'),
  );

  return {
    ...{ engine, stores, clock, context, database, address, logged, run },
    async link(id, { tenantId = 'acme', filename = 'plan.pdf', mimeType = 'application/pdf', content = id } = {}) {
      const mail = { id, from: 'a@example.com', to: ['b@example.org'], subject: id, text: 'Hello.\n' };
      await engine.submit([mail], { tenantId });
      const { pk } = await run<{ pk: string }>('messages.get', { message_id: id, tenant_id: tenantId });
      const bytes = Buffer.from(content);
      const file = {
        ...{ position: 0, filename, mimeType, disposition: 'attachment' as const, contentId: null },
        ...{ sizeBytes: bytes.byteLength, contentHash: createHash('sha256').update(bytes).digest('hex') },
        async *read() {
          yield bytes;
        },
      };
      const message = { messagePk: pk, id, tenantId, accountPk: 'none', attempt: 1 };
      const prepared = await parts.hooks?.preparing?.(message, [file], NEVER);
      if (prepared === null || prepared === undefined || !('detach' in prepared))
        throw new Error('it was not detached');
      // Nothing else is handed back by the hook.
      const data = prepared.detach[0]?.data as DetachedData;
      const url = /https:\S+/.exec(data.footer?.text ?? '')?.[0] ?? '';
      return { id: data.link_pk, url };
    },
    ask(url, init) {
      const [route] = engine.routes;
      const [, , token = '', filename = ''] = new URL(url).pathname.split('/').map(decodeURIComponent);
      if (route === undefined) throw new Error('there is no route');
      return route.handle(new Request(url, init), { token, filename });
    },
    show: (linkId, tenantId = 'acme') => run('large-attachments.get', { link_id: linkId, tenant_id: tenantId }),
    files: () => database.read(allFiles.bind({})),
    async eventsOf(id, tenantId = 'acme') {
      const input = { message_id: id, tenant_id: tenantId };
      const { items } = await run<{ items: readonly Event[] }>('messages.events', input);
      return items.filter(({ type }) => type === 'large_attachments_downloaded');
    },
    until: (isSo) =>
      eventually(async () => {
        clock.tick();
        return { seen: await isSo() };
      }).then(({ seen }) => seen),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await sink.close();
      await made?.drop();
    },
  };
}

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { copyFileSync } from 'node:fs';
import {
  type Clock,
  createMailEngine,
  type MailEngine,
  type MessageInput,
  type ReportEvent,
  systemClock,
} from '@mail-proxy/core';
import { type SinkMessage, type SmtpSink, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import { bounceMixin } from '../src/bounce/bounce.mixin.ts';
import type {
  Bounce,
  OriginalMail,
  ReturnedMail,
  ReturnedRecipient,
} from '../src/bounce/reading/returned-mail.types.ts';

/** Below vitest's limit of a test. */
const WAIT_MS = 40_000;

/** An engine with bounces, a relay, and two tenants `acme` and `other` that send by it. */
export interface BounceWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly sink: SmtpSink;
  /** One more tenant that sends by the relay. */
  addTenant(id: string): Promise<void>;
  /** Send a message, and wait until the tenant is told; what the relay got, one for each transaction. */
  send(id: string, message?: Partial<MessageInput> & { readonly tenantId?: string }): Promise<readonly SinkMessage[]>;
  /** Post a mail; the reading of mails has tests of its own, so that here it comes as what was read of it. */
  post(mail: ReturnedMail, options?: PostOptions): Promise<Received>;
  eventsOf(messageId: string, tenantId?: string): Promise<readonly Shown[]>;
  /** The tenant's suppression list, oldest first. */
  suppressed(tenantId: string): Promise<readonly { readonly address: string; readonly reason: string }[]>;
  unmatched(tenantId?: string): Promise<readonly Unmatched[]>;
}

export interface PostOptions {
  /** Null posts as the operator, for all tenants. @defaultValue acme */
  readonly tenantId?: string | null;
  /** Makes another mail of the same content. */
  readonly copy?: number;
}

export interface Unmatched {
  readonly why: string;
  readonly tenant_id: string | null;
  readonly message_id: string | null;
}

export interface Received {
  readonly kind: string;
  readonly matched_by: string | null;
  readonly unmatched: boolean;
  readonly events: readonly { readonly recipient: string; readonly is_new: boolean; readonly type: string }[];
}

export interface Shown {
  readonly type: string;
  readonly bounce_type: string | null;
  readonly bounce_code: string | null;
  readonly bounce_reason: string | null;
  readonly feedback: { readonly recipient: string; readonly address_dead: boolean } | null;
}

export type Made = () => Promise<{ readonly database: string; readonly drop: () => Promise<void> }>;

/** A file, which goes with the world. */
export const onSqlite: Made = async () => {
  const dir = tempDir();
  const database = dir.file('mail.db');
  copyFileSync(inject('sqliteMigrated'), database);
  return { database, drop: async () => dir[Symbol.dispose]() };
};

export async function openBounceWorld(make: Made = onSqlite, clock?: Clock): Promise<BounceWorld> {
  const { database, drop } = await make();
  const sink = await startSmtpSink();
  const engine = await createMailEngine({
    config: {
      database,
      // PostgreSQL wants a key that all instances have.
      encryptionKey: Buffer.alloc(32, 7).toString('base64'),
      // A clock of the test may leap further than heartbeats come.
      delivery: { ehloName: 'proxy.test', ...(clock && { leaseMs: 100 * 86_400_000 }) },
    },
    ...(clock && { clock }),
    mixins: [bounceMixin(async (raw) => JSON.parse(Buffer.from(raw).toString()).mail)],
  });
  const addTenant = async (id: string): Promise<void> => {
    await engine.execute('tenants.create', { id });
    const relay = { id: 'relay', tenant_id: id, host: '127.0.0.1', port: sink.port, tls: 'none' };
    await engine.execute('accounts.create', relay);
  };
  for (const id of ['acme', 'other']) await addTenant(id);
  await engine.start();
  const run = async <Output>(operation: string, input: object): Promise<Output> =>
    // As the operation's own schema says.
    (await engine.execute(operation, input)) as Output;

  return {
    engine,
    sink,
    addTenant,
    async send(id, { tenantId = 'acme', ...message } = {}) {
      const before = sink.messages.length;
      await engine.submit(
        [{ id, from: 'shop@example.com', to: ['ann@example.org'], subject: id, text: 'Hello.\n', ...message }],
        { tenantId },
      );
      await eventsUntil(
        engine,
        tenantId,
        (event) => event.id === id && ['sent', 'partially_sent', 'error'].includes(event.event),
      );
      return sink.messages.slice(before);
    },
    post: (mail, { tenantId = 'acme', copy = 0 } = {}) =>
      run<Received>('bounces.receive', {
        ...(tenantId === null ? {} : { tenant_id: tenantId }),
        mail_base64: Buffer.from(JSON.stringify({ mail, copy })).toString('base64'),
      }),
    async eventsOf(messageId, tenantId = 'acme') {
      const input = { message_id: messageId, tenant_id: tenantId };
      const { items } = await run<{ items: readonly Shown[] }>('messages.events', input);
      return items.filter(({ type }) => type === 'bounce' || type === 'complaint');
    },
    async suppressed(tenantId) {
      type Page = { items: readonly { address: string; reason: string }[] };
      return (await run<Page>('suppressions.list', { tenant_id: tenantId })).items;
    },
    async unmatched(tenantId) {
      type Page = { items: readonly Unmatched[] };
      const input = tenantId === undefined ? {} : { tenant_id: tenantId };
      return (await run<Page>('bounces.list-unmatched', input)).items;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await sink.close();
      await drop();
    },
  };
}

/** The time as it is, until it leaps. */
export function leapingClock(): Clock & { leap(ms: number): void } {
  let leaptMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + leaptMs,
    // The time of PostgreSQL goes by this one.
    monotonic: () => systemClock.monotonic() + leaptMs,
    leap(ms) {
      leaptMs += ms;
    },
  };
}

/** All events of a tenant up to the first that is meant. */
export async function eventsUntil(
  engine: MailEngine,
  tenantId: string,
  isMeant: (event: ReportEvent) => boolean,
): Promise<readonly ReportEvent[]> {
  const all: ReportEvent[] = [];
  for await (const event of engine.events({ tenantId, signal: AbortSignal.timeout(WAIT_MS) })) {
    all.push(event);
    if (isMeant(event)) return all;
  }
  throw new Error(`no such event; there were ${JSON.stringify(all)}`);
}

const NOTHING: OriginalMail = { messageId: null, isAnswered: false, envelopeId: null, mailId: null, addressedTo: [] };

export function recipient(address: string, change: Partial<ReturnedRecipient> = {}): ReturnedRecipient {
  return {
    address,
    originalAddress: null,
    action: 'failed',
    status: '5.1.1',
    replyCode: 550,
    reason: '550 5.1.1 user unknown',
    reasonClass: 'user_unknown',
    permanence: 'permanent',
    addressDead: true,
    ...change,
  };
}

/** A bounce of these recipients that says this of its original. */
export function bounced(
  original: Partial<OriginalMail>,
  recipients: readonly ReturnedRecipient[] = [recipient('ann@example.org')],
): Bounce {
  const { address: _, originalAddress: __, ...summary } = recipients[0] ?? recipient('');
  return {
    kind: 'bounce',
    recipients,
    summary,
    original: { ...NOTHING, ...original },
    reportingMta: 'mx.example.org',
  };
}

export function complained(original: Partial<OriginalMail>, recipients: readonly string[] = []): ReturnedMail {
  return { kind: 'complaint', feedbackType: 'abuse', recipients, original: { ...NOTHING, ...original } };
}

export function other(kind: 'autoreply' | 'success-dsn', original: Partial<OriginalMail>): ReturnedMail {
  return { kind, original: { ...NOTHING, ...original } };
}

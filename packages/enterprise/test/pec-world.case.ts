// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, createMailEngine, type MailEngine, type MessageInput, systemClock } from '@mail-proxy/core';
import { eventually, type SinkMessage, type SmtpSink, startSmtpSink } from '@mail-proxy/testkit';
import { mixins } from '../src/index.ts';
import { LOOK_MS, START_MS } from '../src/pec/waiting/timers.ts';
import { PRUNE_EVERY_MS } from '../src/prune-daily.ts';
import { eventsUntil, leapingClock, type Made, onSqlite } from './bounce-world.case.ts';
import { createPecProvider, type PecProvider } from './pec-provider.case.ts';

export const SENDER = 'shop@pec.example.com';
export const ANNA = 'anna@pec.example.org';
export const BRUNO = 'bruno@pec.example.net';
export const CARLA = 'carla@example.org';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The certified provider of all worlds: keys are costly to make. */
export const provider: PecProvider = createPecProvider();
export const stranger: PecProvider = createPecProvider({ domain: 'elsewhere.example' });

/** An engine with PEC, and two tenants `acme` and `other` that send by a PEC account each, and trust the provider. */
export interface PecWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly sink: SmtpSink;
  run<Output>(operation: string, input: object): Promise<Output>;
  /** Send a certified message, and wait until its receipts are awaited. */
  send(id: string, message?: Partial<MessageInput> & { readonly tenantId?: string }): Promise<SinkMessage>;
  /** @param tenantId null posts as the operator, for all tenants */
  post(mail: Buffer, tenantId?: string | null): Promise<Received>;
  /** What was told of receipts. */
  eventsOf(id: string, tenantId?: string): Promise<readonly Shown[]>;
  status(id: string, tenantId?: string): Promise<Status>;
  receipts(filter?: object): Promise<readonly ReceiptView[]>;
  download(receiptId: string, tenantId?: string): Promise<Buffer>;
  /** Let the background look, until this is so. */
  until<T>(isSo: () => Promise<T>): Promise<T>;
}

export interface Received {
  readonly kind: string;
  readonly receipt: ReceiptView | null;
  readonly repeated: boolean;
  readonly events: readonly { readonly type: string; readonly recipient: string | null; readonly is_new: boolean }[];
}

export interface ReceiptView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly state: string;
  readonly why: string | null;
  readonly type: string | null;
  readonly message_id: string | null;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly verified: boolean;
}

export interface Shown {
  readonly type: string;
  readonly reason: string;
  readonly feedback: { readonly recipient: string } | null;
  readonly extra: Readonly<Record<string, string | number | boolean | null>>;
}

export interface Status {
  readonly taken_at: string | null;
  readonly accepted_at: string | null;
  readonly refused_at: string | null;
  readonly acceptance_due_at: string | null;
  readonly timed_out_at: string | null;
  readonly recipients: readonly {
    readonly address: string;
    readonly state: string;
    readonly due_at: string | null;
    readonly awaits: string | null;
    readonly timed_out_at: string | null;
  }[];
}

export interface PecClock extends Clock {
  leap(ms: number): void;
  /** What waits for its next look looks now. */
  tick(): void;
}

/** The time as it is, until it leaps; what looks into the database now and then does so at a tick. */
export function pecClock(): PecClock {
  const leaping = leapingClock();
  let next = Promise.withResolvers<void>();
  return {
    ...leaping,
    tick() {
      const { resolve } = next;
      next = Promise.withResolvers<void>();
      resolve();
    },
    async sleep(ms, signal) {
      if ((ms !== LOOK_MS && ms !== PRUNE_EVERY_MS) || signal?.aborted) return systemClock.sleep(ms, signal);
      const aborted = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => aborted.resolve());
      await Promise.race([next.promise, aborted.promise]);
    },
  };
}

export interface PecWorldOptions {
  readonly clock?: PecClock;
  /** An own one, that stays. */
  readonly database?: string;
  readonly config?: object;
  readonly mixinConfig?: Readonly<Record<string, unknown>>;
  /** The tenants are there already. */
  readonly isAgain?: boolean;
  /** Of both tenants. @defaultValue the provider's CA is trusted */
  readonly settings?: object | null;
}

export async function openPecWorld(make: Made = onSqlite, options: PecWorldOptions = {}): Promise<PecWorld> {
  const { clock = pecClock(), settings = { trust_anchors: provider.ca } } = options;
  const made = options.database === undefined ? await make() : null;
  const sink = await startSmtpSink();
  const engine = await createMailEngine({
    clock,
    config: {
      database: options.database ?? made?.database ?? '',
      encryptionKey: Buffer.alloc(32, 7).toString('base64'),
      // The clock leaps further than heartbeats come.
      delivery: { ehloName: 'proxy.test', leaseMs: 10_000 * 86_400_000 },
      outgoing: { allowPrivateNetworks: true },
      ...options.config,
    },
    mixins,
    mixinConfig: options.mixinConfig ?? {},
  });
  for (const tenant_id of ['acme', 'other']) {
    if (options.isAgain === true) {
      await engine.execute('accounts.update', { tenant_id, account_id: 'pec', port: sink.port });
    } else {
      await engine.execute('tenants.create', { id: tenant_id, pec: settings });
      const relay = { tenant_id, id: 'pec', host: '127.0.0.1', port: sink.port, tls: 'none' };
      await engine.execute('accounts.create', { ...relay, pec: true });
    }
  }
  await engine.start();
  const run = async <Output>(operation: string, input: object): Promise<Output> =>
    // As the operation's own schema says.
    (await engine.execute(operation, input)) as Output;
  const until = <T>(isSo: () => Promise<T>): Promise<T> =>
    eventually(async () => {
      clock.tick();
      return { seen: await isSo() };
    }).then(({ seen }) => seen);
  const status = (id: string, tenantId = 'acme'): Promise<Status> =>
    run('pec.status', { message_id: id, tenant_id: tenantId });

  return {
    ...{ engine, sink, run, until, status },
    async send(id, { tenantId = 'acme', ...message } = {}) {
      const before = sink.messages.length;
      const mail = { id, from: SENDER, to: [ANNA], subject: id, text: 'Salve.\n', ...message };
      await engine.submit([mail], { tenantId });
      await eventsUntil(engine, tenantId, (event) => event.id === id && event.event === 'sent');
      await until(async () => {
        if ((await status(id, tenantId)).taken_at === null) throw new Error('it is not awaited');
      });
      const [sent] = sink.messages.slice(before);
      if (sent === undefined) throw new Error('it was not sent');
      return sent;
    },
    post: (mail, tenantId = 'acme') =>
      run('pec.receive', {
        ...(tenantId === null ? {} : { tenant_id: tenantId }),
        mail_base64: mail.toString('base64'),
      }),
    async eventsOf(id, tenantId = 'acme') {
      const input = { message_id: id, tenant_id: tenantId };
      const { items } = await run<{ items: readonly Shown[] }>('messages.events', input);
      return items.filter(({ type }) => type.startsWith('pec_'));
    },
    async receipts(filter = {}) {
      return (await run<{ items: readonly ReceiptView[] }>('pec.list-receipts', filter)).items;
    },
    async download(receipt_id, tenantId) {
      const pieces = await run<AsyncIterable<Uint8Array>>('pec.download-receipt', {
        receipt_id,
        ...(tenantId === undefined ? {} : { tenant_id: tenantId }),
      });
      return bytesOf(pieces);
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await sink.close();
      await made?.drop();
    },
  };
}

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** So far nothing is missed. */
export function pastStart(clock: PecClock): void {
  clock.leap(START_MS);
}

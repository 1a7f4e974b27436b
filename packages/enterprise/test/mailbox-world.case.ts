// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import {
  type Clock,
  createMailEngine,
  type Database,
  defineMixin,
  type Log,
  type MailEngine,
  type MailEngineOptions,
  type Mixin,
  type Random,
} from '@mail-proxy/core';
import { eventually } from '@mail-proxy/testkit';
import { ImapFlow } from 'imapflow';
import type * as v from 'valibot';
import { imap } from '../src/imap/imap.mixin.ts';
import { mailReadersOf, type ReadMail } from '../src/imap/mail-readers.ts';
import type { mailboxOutput, mailboxStatusOutput } from '../src/imap/mailbox/mailbox.schema.ts';
import { onSqlite } from './bounce-world.case.ts';
import { onPostgres } from './made-on-postgres.case.ts';

export type MailboxView = v.InferOutput<typeof mailboxOutput>;
export type StatusView = v.InferOutput<typeof mailboxStatusOutput>;

/** What a reader wrote, in the unit that says that the mail was handled. */
export interface Handled {
  readonly pk: string;
  readonly mailbox_pk: string;
  readonly subject: string;
  readonly size: number;
  readonly is_truncated: number;
}

interface ProbeTables {
  readonly probe_handled: Handled;
}

export interface MailboxWorldOptions {
  /** Before the mail is written down. @defaultValue wants all mail */
  readonly read?: (mail: ReadMail, subject: string) => unknown;
  readonly afterCommit?: (subject: string) => void;
  /** Of the mixin. */
  readonly settings?: Readonly<Record<string, number>>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** A database that outlives this world. @defaultValue one that goes away with it */
  readonly database?: string;
  readonly instance?: string;
  /** @defaultValue hosts on this machine may be reached */
  readonly outgoing?: MailEngineOptions['config']['outgoing'];
  /** @defaultValue the mail is read for bounces */
  readonly hasReader?: boolean;
}

export interface MailboxWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly logged: readonly string[];
  /** Subjects of what was handled, in its order. */
  subjects(): Promise<readonly string[]>;
  handled(): Promise<readonly Handled[]>;
  status(pk: string): Promise<StatusView>;
  /** Wait for the status to be so. */
  until(pk: string, isSo: (status: StatusView) => boolean): Promise<StatusView>;
}

export const KEY = Buffer.alloc(32, 7).toString('base64');

/** An engine with mailboxes and a mixin that writes down the mail it is given. */
export async function openMailboxWorld(options: MailboxWorldOptions = {}): Promise<MailboxWorld> {
  const own = options.database === undefined ? await sharedDatabase() : null;
  const probe: Probe = { database: null };
  const logged: string[] = [];
  const engine = await createMailEngine({
    mixins: [imap, probeMixin(options, probe)],
    mixinConfig: { imap: { lookMs: 200, retryMs: 50, maxRetryMs: 400, ...options.settings } },
    log: capturingLog(logged),
    ...(options.clock && { clock: options.clock }),
    ...(options.random && { random: options.random }),
    config: {
      database: options.database ?? own?.database ?? '',
      encryptionKey: KEY,
      outgoing: options.outgoing ?? { allowPrivateNetworks: true },
      // With a clock of the test, time passes faster than heartbeats are written.
      ...(options.clock === undefined ? {} : { delivery: { leaseMs: 86_400_000 } }),
      ...(options.instance === undefined ? {} : { instanceName: options.instance }),
    },
  });
  await engine.start();
  const handled = async (): Promise<readonly Handled[]> => {
    const { database } = probe;
    if (database === null) throw new Error('the probe was not set up');
    const all = database.prepare<object, Handled>((k) => k.selectFrom('probe_handled').selectAll().orderBy('pk'));
    return database.read(all.bind({}));
  };
  // The operation's output is what its schema says.
  const status = async (pk: string) => (await engine.execute('mailboxes.status', { mailbox_id: pk })) as StatusView;
  return {
    engine,
    logged,
    handled,
    subjects: async () => (await handled()).map(({ subject }) => subject),
    status,
    until: (pk, isSo) =>
      eventually(async () => {
        const now = await status(pk);
        if (isSo(now)) return now;
        throw new Error(`the mailbox is ${JSON.stringify(now)}`);
      }),
    async [Symbol.asyncDispose]() {
      await engine.stop({ deadlineMs: 1 });
      await engine[Symbol.asyncDispose]();
      await own?.[Symbol.asyncDispose]();
    },
  };
}

interface Probe {
  database: Database<ProbeTables> | null;
}

/** Its tables alone, for what moves a database. */
export const probeTables: Mixin = probeMixin({}, { database: null });

/** A reader as a third party would write it. */
function probeMixin({ read, afterCommit, hasReader = true }: MailboxWorldOptions, probe: Probe): Mixin {
  return defineMixin({
    id: 'probe',
    contract: 1,
    migrations: [
      {
        number: 1,
        name: 'handled',
        minReader: 1,
        up: (schema, t) => [
          schema
            .createTable('probe_handled')
            .addColumn('pk', t.pk, (c) => c.primaryKey())
            .addColumn('mailbox_pk', t.pk, (c) => c.notNull())
            .addColumn('subject', t.text, (c) => c.notNull())
            .addColumn('size', t.integer, (c) => c.notNull())
            .addColumn('is_truncated', t.integer, (c) => c.notNull()),
        ],
      },
    ],
    setup(context) {
      const database = context.database.withTables<ProbeTables>();
      probe.database = database;
      const insert = database.prepare<Handled>((k, p) =>
        k.insertInto('probe_handled').values({
          pk: p.pk,
          mailbox_pk: p.mailbox_pk,
          subject: p.subject,
          size: p.size,
          is_truncated: p.is_truncated,
        }),
      );
      if (!hasReader) return {};
      mailReadersOf(context)?.onMail('bounces', async (mail) => {
        const subject = /^Subject: (.*?)\r?$/m.exec(Buffer.from(mail.raw).toString('latin1'))?.[1] ?? '';
        if ((await read?.(mail, subject)) === 'not mine') return null;
        const row = {
          pk: context.makePk(),
          mailbox_pk: mail.mailbox.pk,
          subject,
          size: mail.raw.length,
          is_truncated: mail.isTruncated ? 1 : 0,
        };
        return { statements: [insert.bind(row)], afterCommit: () => afterCommit?.(subject) };
      });
      return {};
    },
  });
}

/** Mail as a relay would return it. */
export function returned(subject: string, body = 'It did not arrive.'): Buffer {
  const head = [`Subject: ${subject}`, `Message-ID: <${randomUUID()}@relay.example>`, 'From: <>', 'To: me@example.com'];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}\r\n`);
}

export interface ImapUser extends AsyncDisposable {
  readonly client: ImapFlow;
  append(...mails: readonly Buffer[]): Promise<void>;
  /** Flags of the folder's mail, by subject. */
  look(folder?: string): Promise<Readonly<Record<string, readonly string[]>>>;
}

/** Somebody who puts mail into a mailbox and looks what became of it. */
export async function loggedIn({ port }: { readonly port: number }, user: string, folder = 'INBOX'): Promise<ImapUser> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: 'secret' },
    logger: false,
    disableAutoIdle: true,
  });
  await client.connect();
  if (folder !== 'INBOX') await client.mailboxCreate(folder);
  return {
    client,
    async append(...mails) {
      for (const mail of mails) await client.append(folder, mail);
    },
    async look(name = folder) {
      await client.mailboxOpen(name, { readOnly: true });
      const seen: Record<string, readonly string[]> = {};
      for await (const { envelope, flags } of client.fetch('1:*', { envelope: true, flags: true })) {
        seen[envelope?.subject ?? ''] = [...(flags ?? [])].filter((flag) => flag !== '\\Recent');
      }
      return seen;
    },
    async [Symbol.asyncDispose]() {
      await client.logout();
      client.close();
    },
  };
}

/** Add a mailbox of the default tenant on this server, in clear; looked into when its server tells of mail, or once a day. */
export async function addMailbox(
  { engine }: Pick<MailboxWorld, 'engine'>,
  settings: Readonly<Record<string, unknown>>,
): Promise<MailboxView> {
  // The operation's output is what its schema says.
  return (await engine.execute('mailboxes.create', {
    host: '127.0.0.1',
    user: 'anna',
    password: 'secret',
    tls: 'none',
    purposes: ['bounces'],
    poll_interval_seconds: 86_400,
    ...settings,
  })) as MailboxView;
}

/** A database that several engines use, one after the other or together; on PostgreSQL where that is asked for. */
export async function sharedDatabase(kind: 'sqlite' | 'postgres' = 'sqlite') {
  const { database, drop } = await (kind === 'postgres' ? onPostgres : onSqlite)();
  return { database, [Symbol.asyncDispose]: drop };
}

function capturingLog(lines: string[]): Log {
  const write =
    (level: string) =>
    (fields: object, text: string): void => {
      const err = 'err' in fields && fields.err instanceof Error ? { err: fields.err.stack } : {};
      lines.push(JSON.stringify({ level, text, ...fields, ...err }));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

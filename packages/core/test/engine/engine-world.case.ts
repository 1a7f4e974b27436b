// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { copyFileSync } from 'node:fs';
import { createMailEngine, type MailEngine, type MailEngineOptions, type MessageInput } from '@mail-proxy/core';
import { createDatabase, type PeerConnection, tempDir } from '@mail-proxy/testkit';
import type * as v from 'valibot';
import { inject } from 'vitest';
import { messageOutput } from '../../src/entities/message/message.schema.ts';
import { validate } from '../../src/operations/validate.ts';
import type { ReportEvent } from '../../src/reporting/report-protocol.ts';

export type MessageView = v.InferOutput<typeof messageOutput>;

/** Below vitest's limit of a test, so that a vain wait says what it waited for. */
const WAIT_MS = 40_000;

/** An engine on a file of its own, with all that it wrote to its log. */
export interface EngineWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly database: string;
  /** Every line of the log as JSON, errors with their message and stack. */
  readonly logged: readonly string[];
}

export interface WorldOptions extends Omit<MailEngineOptions, 'config' | 'log'> {
  readonly delivery?: MailEngineOptions['config']['delivery'];
  readonly limits?: MailEngineOptions['config']['limits'];
  readonly attachments?: MailEngineOptions['config']['attachments'];
  readonly sandbox?: MailEngineOptions['config']['sandbox'];
  readonly contentEncryption?: boolean;
  /** @defaultValue endpoints on this machine may be called */
  readonly outgoing?: MailEngineOptions['config']['outgoing'];
  /** @defaultValue the first delay up to 50 ms, none longer than 500 ms */
  readonly retry?: MailEngineOptions['config']['retry'];
  /** A database that outlives this world. @defaultValue one that goes away with it */
  readonly database?: string;
  /** Of a database that several engines share. */
  readonly encryptionKey?: string;
  /** @defaultValue true */
  readonly start?: boolean;
}

/** Retries within half a second, short pauses of accounts, and relays that have seconds to answer. */
export async function openWorld(options: WorldOptions = {}): Promise<EngineWorld> {
  const { delivery, limits, attachments, retry, database: given, encryptionKey, start = true, ...rest } = options;
  const { outgoing = { allowPrivateNetworks: true }, sandbox = {}, contentEncryption = false } = rest;
  const own = given === undefined ? await makeDatabase() : null;
  const database = given ?? own?.database ?? '';
  const logged: string[] = [];
  const engine = await createMailEngine({
    ...rest,
    config: {
      database,
      outgoing,
      sandbox,
      contentEncryption,
      delivery: {
        ehloName: 'client.test',
        connectMs: 5_000,
        greetingMs: 5_000,
        commandMs: 5_000,
        dataMs: 5_000,
        blockMs: 5_000,
        dotMs: 5_000,
        accountPauseMs: 100,
        accountPauseMaxMs: 800,
        ...delivery,
      },
      retry: retry ?? { baseMs: 50, maxDelayMs: 500 },
      ...(limits === undefined ? {} : { limits }),
      ...(attachments === undefined ? {} : { attachments }),
      ...withKey(database, encryptionKey),
    },
    log: capturingLog(logged),
  });
  const world = {
    engine,
    database,
    logged,
    async [Symbol.asyncDispose]() {
      await engine.stop({ deadlineMs: 1 });
      await engine[Symbol.asyncDispose]();
      await own?.drop();
    },
  };
  if (start) await engine.start();
  return world;
}

interface OwnDatabase {
  readonly database: string;
  drop(): Promise<void>;
}

/** A file, or a database of PostgreSQL where a suite runs on that: see on-postgres.case.ts. */
async function makeDatabase(): Promise<OwnDatabase> {
  const server = process.env['GMP_TEST_ENGINE_ON'] === 'postgres' ? inject('pgUrl') : undefined;
  if (server !== undefined) {
    const made = await createDatabase(server, inject('pgMigrated'));
    return { database: made.url, drop: () => made.drop() };
  }
  const dir = tempDir();
  const database = dir.file('mail.db');
  copyFileSync(inject('sqliteMigrated'), database);
  return { database, drop: async () => dir[Symbol.dispose]() };
}

/** PostgreSQL wants one that all instances have; SQLite makes its own. */
function withKey(database: string, given: string | undefined): { readonly encryptionKey?: string } {
  const encryptionKey = given ?? (database.startsWith('postgres') ? Buffer.alloc(32, 7).toString('base64') : undefined);
  return encryptionKey === undefined ? {} : { encryptionKey };
}

/** Add an account of the default tenant for a relay of this test, in clear. */
export async function addAccount(
  { engine }: Pick<EngineWorld, 'engine'>,
  relay: { readonly port: number },
  settings: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await engine.execute('accounts.create', {
    id: 'main',
    host: '127.0.0.1',
    port: relay.port,
    tls: 'none',
    ...settings,
  });
}

/** A message to one recipient. */
export function mail(id: string, fields: Partial<MessageInput> = {}): MessageInput {
  return {
    id,
    from: 'Sender <sender@example.com>',
    to: ['one@example.org'],
    subject: id,
    text: 'Some text.\n',
    ...fields,
  };
}

export async function messageOf({ engine }: Pick<EngineWorld, 'engine'>, id: string): Promise<MessageView> {
  return validate(messageOutput, await engine.execute('messages.get', { message_id: id, tenant_id: 'default' }));
}

/** A tenant's events from the first on, up to and with the one that makes `isEnough` true. */
export async function eventsUntil(
  { engine }: Pick<EngineWorld, 'engine'>,
  isEnough: (event: ReportEvent, all: readonly ReportEvent[]) => boolean,
  tenantId = 'default',
): Promise<readonly ReportEvent[]> {
  const all: ReportEvent[] = [];
  for await (const event of engine.events({ tenantId, signal: AbortSignal.timeout(WAIT_MS) })) {
    all.push(event);
    if (isEnough(event, all)) return all;
  }
  throw new Error(`no such event; there were ${JSON.stringify(all)}`);
}

/** The events of one message, up to and with the first of this type. */
export async function historyUntil(
  world: Pick<EngineWorld, 'engine'>,
  id: string,
  type: ReportEvent['event'],
): Promise<readonly ReportEvent[]> {
  const all = await eventsUntil(world, (event) => event.id === id && event.event === type);
  return all.filter((event) => event.id === id);
}

/** What a scripted relay was given as one message. */
export interface ServedMail {
  readonly to: readonly string[];
  readonly body: string;
  /** On this connection, from 1. */
  readonly ordinal: number;
}

export interface RelayScript {
  /** Wait before the greeting. */
  readonly beforeGreeting?: () => Promise<void>;
  /** See every command, but not the content. */
  readonly onCommand?: (line: string) => void;
  /** Lines of the reply to EHLO after its first. */
  readonly extensions?: readonly string[];
  readonly onRcpt?: (address: string) => string;
  /** Answer MAIL; null ends the connection. */
  readonly onMail?: (ordinal: number) => string | null | Promise<string | null>;
  /** Answer the final dot; null ends the connection without an answer. */
  readonly onMessage?: (served: ServedMail) => string | null | Promise<string | null>;
  /** Answer AUTH. */
  readonly onAuth?: () => string;
  /** Answer what the client says to a challenge of AUTH. */
  readonly onAuthAnswer?: (line: string) => string;
  /** Send each reply byte by byte. */
  readonly slowly?: boolean;
}

/** Serve one connection as a relay that takes what it is not told to refuse. */
export async function serveMail(client: PeerConnection, script: RelayScript = {}): Promise<void> {
  const say = async (reply: string): Promise<void> => {
    if (script.slowly === true) await client.sendSlowly(`${reply}\r\n`, { pauseMs: 0 });
    else await client.send(`${reply}\r\n`);
  };
  await script.beforeGreeting?.();
  await say('220 relay.test ESMTP');
  let to: string[] = [];
  let ordinal = 0;
  for (;;) {
    const line = await client.line();
    script.onCommand?.(line);
    const verb = line.split(' ')[0]?.toUpperCase();
    if (verb === 'QUIT') return say('221 bye');
    if (verb === 'EHLO') {
      const lines = ['relay.test', ...(script.extensions ?? [])];
      await say(lines.map((text, index) => `250${index === lines.length - 1 ? ' ' : '-'}${text}`).join('\r\n'));
    } else if (verb === 'AUTH') {
      const reply = script.onAuth?.() ?? '235 ok';
      await say(reply);
      if (reply.startsWith('334')) await say(script.onAuthAnswer?.(await client.line()) ?? '235 ok');
    } else if (verb === 'MAIL') {
      ordinal += 1;
      to = [];
      const reply = script.onMail === undefined ? '250 ok' : await script.onMail(ordinal);
      if (reply === null) return;
      await say(reply);
    } else if (verb === 'RCPT') {
      const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
      const reply = script.onRcpt?.(address) ?? '250 ok';
      if (reply.startsWith('2')) to.push(address);
      await say(reply);
    } else if (verb === 'DATA') {
      if (to.length === 0) {
        await say('554 no valid recipients');
        continue;
      }
      await say('354 go ahead');
      const body = (await client.readBody()).toString('latin1');
      const reply = script.onMessage === undefined ? '250 queued' : await script.onMessage({ to, body, ordinal });
      if (reply === null) return;
      await say(reply);
    } else {
      await say('250 ok');
    }
  }
}

/** The value of a header that is not folded. */
export function headerOf(body: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\\r$`, 'im').exec(body)?.[1];
}

function capturingLog(lines: string[]): NonNullable<MailEngineOptions['log']> {
  const write =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push(JSON.stringify({ level, message, ...fields }, unfoldError));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function unfoldError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { ...value, message: value.message, stack: value.stack, cause: value.cause };
}

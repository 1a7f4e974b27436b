// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CountedMessage, type ServerProcess, spawnCountingSink, spawnServer, tempDir } from '@mail-proxy/testkit';

export interface KilledInstancesOptions {
  /** Of PostgreSQL; every server gets it. */
  readonly databaseUrl: string;
  readonly instances: number;
  readonly messages: number;
  /** Each server is killed at least so often, and started again. */
  readonly killsEach: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface KilledInstancesResult {
  readonly kills: number;
  readonly accepted: number;
  /** Accepted, and never at the relay. */
  readonly lost: readonly string[];
  /** Lives that sent a message of which another copy came too, and how many each; a life is killed once at most. */
  readonly repeatedByLife: ReadonlyMap<string, number>;
  /** Messages of which a copy came that no kill explains: its first life was not killed, or long after. */
  readonly unexplained: readonly string[];
  /** Messages whose copies differ in their Message-ID. */
  readonly renamed: readonly string[];
  /** Messages by instance. */
  readonly sentBy: readonly number[];
  readonly seconds: number;
}

/** Messages that a server may be sending when it is killed: one outcome each is not stored yet. */
export const MAX_SENDS = 10;
/** The lease of a session: after a kill its messages come back in about this time. A busy machine stops for less. */
const LEASE_MS = 10_000;
const BATCH = 50;
const TOKEN = 'a-token-of-these-tests-only';
/** From the relay's reply to the commit of the outcome, on a machine that is busy. */
const UNSTORED_MS = 5_000;

/** One start of one instance, until it is killed. */
interface Life {
  readonly name: string;
  readonly server: ServerProcess;
  killedAt: number | null;
}

/** Servers on one database, killed and started again and again while mail is posted to whichever lives. */
export async function runKilledInstances(options: KilledInstancesOptions): Promise<KilledInstancesResult> {
  const begunAt = Date.now();
  await using sink = await spawnCountingSink();
  using dir = tempDir();
  const config = dir.file('config.json');
  writeFileSync(config, JSON.stringify({ delivery: { leaseMs: LEASE_MS } }));
  const lives: Life[] = [];
  const current: (Life | null)[] = Array.from({ length: options.instances }, () => null);

  const start = async (index: number): Promise<Life> => {
    const name = `i${index}-${lives.length}.test`;
    const server = await spawnServer({
      env: {
        GMP_CONFIG_FILE: config,
        GMP_DATA_DIR: dir.file(`data-${index}`),
        GMP_DATABASE_URL: options.databaseUrl,
        GMP_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
        GMP_API_TOKEN: TOKEN,
        GMP_PORT: '0',
        GMP_EHLO_NAME: name,
        GMP_INSTANCE_NAME: `instance-${index}`,
        GMP_MAX_SENDS: String(MAX_SENDS),
        GMP_LOG_LEVEL: 'warn',
      },
    });
    const life = { name, server, killedAt: null };
    lives.push(life);
    current[index] = life;
    return life;
  };

  await Promise.all(current.map((_, index) => start(index)));
  await post(current[0]?.server.url ?? '', '/v1/accounts', {
    id: 'main',
    host: sink.host,
    port: sink.port,
    tls: 'none',
  });

  const killing = Promise.all(
    current.map(async (_, index) => {
      for (let kill = 0; kill < options.killsEach; kill++) {
        const life = current[index];
        if (life === null || life === undefined) return;
        await sleep(300 + options.random() * 1_500);
        life.server.kill('SIGKILL');
        life.killedAt = Date.now();
        current[index] = null;
        await life.server.exited;
        await start(index);
      }
    }),
  );
  const accepted = await submitAll(options.messages, () => current.flatMap((life) => (life === null ? [] : [life])));
  await killing;
  await untilNothingWaits(current);
  const messages = await sink.messages();
  for (const life of current) if (life !== null) await life.server[Symbol.asyncDispose]();
  return { ...judge(accepted, messages, lives), seconds: (Date.now() - begunAt) / 1_000 };
}

/** Post all of them in batches, each until a server says that it has it. */
async function submitAll(count: number, living: () => readonly Life[]): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `m${index}`);
  for (let at = 0; at < count; at += BATCH) {
    const messages = ids.slice(at, at + BATCH).map((id) => ({
      id,
      from: 'sender@example.com',
      to: `${id}@example.org`,
      subject: id,
      text: 'A line of text.\n'.repeat(20),
    }));
    for (let attempt = 0; ; attempt++) {
      const servers = living();
      const server = servers[(at / BATCH + attempt) % Math.max(1, servers.length)]?.server;
      if (server !== undefined && (await isAccepted(server, messages))) break;
      await sleep(50);
    }
  }
  return ids;
}

/** A batch that was cut off is sent again: what it had stored by then is a duplicate, which says that it is there. */
async function isAccepted(server: ServerProcess, messages: readonly object[]): Promise<boolean> {
  try {
    const answer = await post(server.url, '/v1/messages/batch', { messages });
    // the answer to messages.create-batch
    const { results } = answer as { readonly results: readonly { readonly status: string; readonly code?: string }[] };
    return results.every(({ status, code }) => status === 'accepted' || code === 'duplicate_id');
  } catch {
    return false;
  }
}

async function untilNothingWaits(current: readonly (Life | null)[]): Promise<void> {
  const server = current.find((life) => life !== null)?.server;
  if (server === undefined) throw new Error('no server lives');
  for (;;) {
    // the answer to instance.get
    const { waiting } = (await call(server.url, '/v1/instance')) as { readonly waiting: number };
    if (waiting === 0) return;
    await sleep(100);
  }
}

function judge(accepted: readonly string[], messages: readonly CountedMessage[], lives: readonly Life[]) {
  const byId = Map.groupBy(messages, ({ mailId }) => mailId ?? 'without an id');
  const killedAt = new Map(lives.map(({ name, killedAt: at }) => [name, at]));
  const repeatedByLife = new Map<string, number>();
  const unexplained: string[] = [];
  const renamed: string[] = [];
  for (const [id, copies] of byId) {
    if (new Set(copies.map(({ messageId }) => messageId)).size > 1) renamed.push(id);
    // All copies but the last one belong to lives that died before they could tell.
    for (const { client, receivedAt } of copies.toSorted((a, b) => a.receivedAt - b.receivedAt).slice(0, -1)) {
      repeatedByLife.set(client, (repeatedByLife.get(client) ?? 0) + 1);
      const at = killedAt.get(client) ?? null;
      if (at === null || receivedAt < at - UNSTORED_MS) unexplained.push(`${id} of ${client}`);
    }
  }
  const kills = lives.filter((life) => life.killedAt !== null).length;
  const lost = accepted.filter((id) => !byId.has(id));
  const instances = Math.max(...lives.map(({ name }) => Number(/^i(\d+)/.exec(name)?.[1] ?? 0))) + 1;
  const sentBy = Array.from(
    { length: instances },
    (_, index) => messages.filter(({ client }) => client.startsWith(`i${index}-`)).length,
  );
  return { kills, accepted: accepted.length, lost, repeatedByLife, unexplained, renamed, sentBy };
}

function post(url: string, path: string, body: object): Promise<unknown> {
  return call(url, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function call(url: string, path: string, init: RequestInit = {}): Promise<unknown> {
  const headers = { ...init.headers, authorization: `Bearer ${TOKEN}` };
  const response = await fetch(url + path, { ...init, headers, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

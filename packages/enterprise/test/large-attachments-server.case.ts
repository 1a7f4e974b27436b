// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, type ServerProcess, spawnServer, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import PostalMime, { type Email } from 'postal-mime';
import { S3_ACCESS_KEY, S3_SECRET_KEY, startS3 } from '../src/object-storage/s3-server.case.ts';
import { linksIn, MB } from './large-attachments-world.case.ts';

/** Of a test that waits for tens of megabytes on a machine that has more to do. */
export const WAIT_MS = 240_000;

const TOKEN = 'a-token-for-tests-only';

/** Where a server puts files, outside of it. */
export interface Storage extends AsyncDisposable {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** One for each upload so far, or for each file that lies there and when it was written. */
  uploads(): readonly string[];
  /** Wait until nothing is left there, as far as that can be known. */
  isCleared(): Promise<void>;
}

export async function s3Storage(): Promise<Storage> {
  const server = await startS3('mail');
  const begins = /^(POST \/mail\/[^?]+\?uploads|PUT \/mail\/[^?]+(\?x-id=PutObject)?$)/;
  return {
    url: 's3://mail/large',
    env: {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_ACCESS_KEY_ID: S3_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: S3_SECRET_KEY,
      AWS_REGION: 'us-east-1',
    },
    uploads: () => server.requests.filter((line) => begins.test(line)),
    // It takes no request of somebody whose clock is days ahead.
    isCleared: async () => {},
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export async function fileStorage(): Promise<Storage & { readonly root: string }> {
  const dir = tempDir();
  const root = dir.file('files');
  mkdirSync(root);
  const files = (): string[] =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(root, name)).isFile());
  return {
    root,
    url: `file://${root}/large`,
    env: { GMP_STORAGE_FILE_ROOTS: root },
    uploads: () => files().map((name) => `${name} ${statSync(join(root, name)).mtimeMs}`),
    isCleared: async () => void (await eventually(() => files().length === 0)),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
}

/** A file to be attached, that no compression makes smaller. */
export interface BigFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Sent {
  readonly mail: Email;
  /** Octets of it. */
  readonly sizeBytes: number;
  /** The first in its text. */
  readonly url: string;
}

/** A server in a process of its own, with a tenant `acme` that sends by a relay. */
export interface ServedWorld extends AsyncDisposable {
  readonly server: ServerProcess;
  /** Make a file that may be attached. */
  file(name: string, sizeBytes: number): BigFile;
  api(method: string, path: string, json?: object): Promise<Readonly<Record<string, unknown>>>;
  /** Send a file, and wait for the mail. */
  send(id: string, file: BigFile): Promise<Sent>;
  /** Start the server again, as if so many days had gone by. */
  restart(daysAhead: number): Promise<void>;
}

/** @param configOf what is set of large files beside where they go, by the address of the server */
export async function openServedWorld(storage: Storage, configOf: (url: string) => object): Promise<ServedWorld> {
  const dir = tempDir();
  const sink = await startSmtpSink();
  const attached = dir.file('attached');
  mkdirSync(attached);
  const start = (env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> =>
    spawnServer({
      env: {
        ...{ GMP_DATA_DIR: dir.file('data'), GMP_PORT: '0', GMP_API_TOKEN: TOKEN, GMP_RETRY_BASE_MS: '200' },
        ...{
          GMP_ATTACHMENT_MAX_BYTES: String(500 * MB),
          GMP_ATTACHMENT_TIMEOUT: '300',
          GMP_ATTACHMENT_ROOTS: attached,
        },
        ...storage.env,
        ...env,
      },
      entry: fileURLToPath(new URL('server-ahead-main.ts', import.meta.url)),
    });
  let server = await start();
  const api: ServedWorld['api'] = async (method, path, json) => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const answer = await fetch(server.url + path, { method, headers, ...(json && { body: JSON.stringify(json) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    // Each operation's own.
    return (await answer.json()) as Readonly<Record<string, unknown>>;
  };
  const config = { enabled: true, max_size_mb: 1, action: 'rewrite', storage_url: storage.url };
  await api('POST', '/v1/tenants', { id: 'acme', large_file_config: { ...config, ...configOf(server.url) } });
  const relay = { id: 'main', tenant_id: 'acme', host: '127.0.0.1', port: sink.port, tls: 'none' };
  await api('POST', '/v1/accounts', relay);
  return {
    get server() {
      return server;
    },
    api,
    file: (name, sizeBytes) => makeFile(join(attached, name), sizeBytes),
    async send(id, { path }) {
      const got = sink.waitFor(({ headers }) => headers.get('subject')?.[0] === id, { timeoutMs: WAIT_MS });
      const mail = { id, tenant_id: 'acme', from: 'shop@example.com', to: 'ann@example.org', subject: id };
      await api('POST', '/v1/messages', {
        ...mail,
        text: 'Hello.',
        attachments: [{ filename: `${id}.bin`, storage_path: path }],
      });
      const { raw } = await got;
      const parsed = await PostalMime.parse(raw);
      return { mail: parsed, sizeBytes: raw.byteLength, url: linksIn(parsed.text)[0] ?? '' };
    },
    async restart(daysAhead) {
      await server[Symbol.asyncDispose]();
      server = await start({ TEST_DAYS_AHEAD: String(daysAhead), GMP_PORT: new URL(server.url).port });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await sink.close();
      dir[Symbol.dispose]();
    },
  };
}

function makeFile(path: string, sizeBytes: number): BigFile {
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  for (let at = 0; at < sizeBytes; at += MB) {
    // Each piece is another, so that one in the wrong place is seen.
    const piece = Buffer.alloc(Math.min(MB, sizeBytes - at), `${path} ${at} `);
    hash.update(piece);
    pieces.push(piece);
  }
  writeFileSync(path, Buffer.concat(pieces));
  return { path, sha256: hash.digest('hex'), sizeBytes };
}

/** The link's id in the API. */
export function linkIdOf(url: string): string {
  const [, hex = ''] = /\/download\/([0-9a-f]{32})-/.exec(url) ?? [];
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** SHA-256 of what an address answers, read piece by piece. */
export async function hashAt(url: string): Promise<string> {
  const answer = await fetch(url);
  if (answer.status !== 200 || answer.body === null) throw new Error(`${answer.status} ${await answer.text()}`);
  const hash = createHash('sha256');
  for await (const piece of answer.body) hash.update(piece);
  return hash.digest('hex');
}

/** Watches the memory of a process, which Linux keeps book of. */
export function memoryOf(pid: number): { begin(): void; risenMb(): number } {
  const kilobytes = (name: string): number => {
    const [, value] =
      new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(value);
  };
  let before = 0;
  return {
    begin() {
      before = kilobytes('VmRSS');
      // The peak counts from now on (proc_pid_clear_refs(5)).
      writeFileSync(`/proc/${pid}/clear_refs`, '5');
    },
    risenMb: () => (kilobytes('VmHWM') - before) / 1_024,
  };
}

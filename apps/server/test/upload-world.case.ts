// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { EngineConfigInput } from '@mail-proxy/core';
import { type SmtpSink, startSmtpSink, type TempDir, tempDir } from '@mail-proxy/testkit';
import PostalMime, { type Email } from 'postal-mime';
import { ADMIN_TOKEN, type Answer, type ServedApp, serveApp } from './served-app.case.ts';

/** A server that takes files, with a relay. */
export interface UploadWorld extends AsyncDisposable {
  readonly app: ServedApp;
  readonly sink: SmtpSink;
  /** Temporary files that are held at this moment; they have no names, so that it takes Linux to see them. */
  spooledFiles(): number;
  /** Bytes and messages that are stored. */
  storedMessages(): Promise<number>;
  /** The first message that the relay took. */
  received(): Promise<Email>;
}

export async function openUploadWorld(
  config: Partial<EngineConfigInput> = {},
  options: Parameters<typeof serveApp>[0] = {},
): Promise<UploadWorld> {
  const dir: TempDir = tempDir();
  const sink = await startSmtpSink();
  const app = await serveApp(options, { ...config, attachments: { spoolDir: dir.path, ...config.attachments } });
  await app.call('POST', '/v1/accounts', { json: { id: 'main', host: sink.host, port: sink.port, tls: 'none' } });
  await app.engine.start();
  return {
    app,
    sink,
    spooledFiles: () => openFilesBelow(dir.path),
    storedMessages: async () => (await app.call('GET', '/v1/messages')).json.items.length,
    async received() {
      const [message] = await sink.waitFor(1);
      return PostalMime.parse(message?.raw ?? '');
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

/** Files of an email by their names, as text. */
export function filesOf({ attachments }: Email): Readonly<Record<string, string>> {
  return Object.fromEntries(
    // As parsed by default.
    attachments.map(({ filename, content }) => [filename, Buffer.from(content as ArrayBuffer).toString()]),
  );
}

/** What went wrong, and where. */
export function problemsOf({ status, json }: Answer): readonly unknown[] {
  return [status, json.code, ...(json.errors ?? []).map(({ pointer }: { readonly pointer: string }) => pointer)];
}

/** A request of which the test sends the bytes itself. */
export interface RawRequest {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): Promise<void>;
  /** What was answered when the connection ended, by either side. */
  readonly answer: Promise<string>;
  /** The first line of it, as soon as it is there. */
  readonly status: Promise<string>;
}

export async function beginRequest(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawRequest> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // What the server cuts while it is written to ends the answer, and is no fault of the test.
  socket.on('error', () => undefined);
  const write = (bytes: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => void socket.write(bytes, () => resolve()));
  const fields = { host: 'localhost', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
  const begun = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  const status = Promise.race([begun, answer]).then(() => received.split('\r\n')[0] ?? '');
  await write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return { socket, write, answer, status };
}

function openFilesBelow(dir: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      // Closed meanwhile, as that of the listing itself.
      return false;
    }
  }).length;
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createTransport } from 'nodemailer';
import type { BenchMail } from '../load/mail.ts';

export interface NodemailerPool extends Disposable {
  /** Resolves when the relay took the mail. */
  send(mail: BenchMail): Promise<unknown>;
}

/** Where nodemailer sends, and how. */
export interface NodemailerOptions {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Speak TLS from the first byte, with any certificate, and log in. @defaultValue neither */
  readonly login?: { readonly user: string; readonly pass: string };
}

/** nodemailer's pool as an application would open it. */
export function openNodemailerPool({ host, port, connections, login }: NodemailerOptions): NodemailerPool {
  const transport = createTransport({
    pool: true,
    host,
    port,
    maxConnections: connections,
    ...(login === undefined
      ? { secure: false, ignoreTLS: true }
      : { secure: true, tls: { rejectUnauthorized: false }, auth: login }),
  });
  return {
    send: ({ id, file, account: _, ...mail }) =>
      transport.sendMail({
        ...mail,
        headers: { 'X-Genro-Mail-ID': id },
        ...(file === undefined
          ? {}
          : { attachments: [{ filename: file.filename, content: file.base64, encoding: 'base64' }] }),
      }),
    [Symbol.dispose]: () => transport.close(),
  };
}

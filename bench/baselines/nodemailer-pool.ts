// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createTransport } from 'nodemailer';
import type { BenchMail } from '../smoke/mail.ts';

export interface NodemailerPool extends Disposable {
  /** Resolves when the sink took the mail. */
  send(mail: BenchMail): Promise<unknown>;
}

/** nodemailer's pool as an application would open it, to a sink without TLS. */
export function openNodemailerPool(host: string, port: number, maxConnections: number): NodemailerPool {
  const transport = createTransport({ pool: true, host, port, secure: false, ignoreTLS: true, maxConnections });
  return {
    send: ({ id, ...mail }) => transport.sendMail({ ...mail, headers: { 'X-Genro-Mail-ID': id } }),
    [Symbol.dispose]: () => transport.close(),
  };
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountingSinkProcess } from '@mail-proxy/testkit';
import { createTransport } from 'nodemailer';
import { countArrivals, epochMs } from './arrivals.ts';
import { type BenchMail, makeMails } from './mail.ts';
import type { Row } from './row.ts';

/** As many as an account of mail-proxy has by default; messages per connection are 100 with both. */
const CONNECTIONS = 10;

/** Measure what an application does without a proxy: nodemailer's pool, nothing stored, nothing retried, in this process. */
export async function measureNodemailer(sink: CountingSinkProcess, count: number, warmUp: number): Promise<Row> {
  const transport = createTransport({
    pool: true,
    host: sink.host,
    port: sink.port,
    secure: false,
    ignoreTLS: true,
    maxConnections: CONNECTIONS,
  });
  const send = (mails: readonly BenchMail[]) =>
    Promise.allSettled(
      mails.map(({ id, ...mail }) => transport.sendMail({ ...mail, headers: { 'X-Genro-Mail-ID': id } })),
    );
  await send(makeMails('nodemailer-warm-up', warmUp));

  const mails = makeMails('nodemailer', count);
  const cpuBefore = process.cpuUsage();
  const startAt = epochMs();
  await send(mails);
  const cpu = process.cpuUsage(cpuBefore);
  transport.close();

  const { missing, duplicates, lastAt } = await countArrivals(sink, mails);
  const seconds = (lastAt - startAt) / 1_000;
  return {
    row: 'nodemailer pool',
    messages: count,
    missing,
    duplicates,
    seconds,
    messages_per_second: (count - missing) / seconds,
    seconds_to_last_accept: null,
    seconds_to_last_report: null,
    cpu_ms_per_message: (cpu.user + cpu.system) / 1_000 / count,
    commits_per_message: null,
    units_per_message: null,
  };
}

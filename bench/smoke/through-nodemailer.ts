// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountingSinkProcess } from '@mail-proxy/testkit';
import { baselineRow } from '../baselines/measure.ts';
import { openNodemailerPool } from '../baselines/nodemailer-pool.ts';
import type { BaselineRun } from '../baselines/through-raw-socket.ts';
import { epochMs } from './arrivals.ts';
import { type BenchMail, makeMails } from './mail.ts';
import type { Row } from './row.ts';

/** As many as an account of mail-proxy has by default; messages per connection are 100 with both. */
const CONNECTIONS = 10;

/** Measure what an application does without a proxy: nodemailer's pool, nothing stored, nothing retried, in this process. */
export async function measureNodemailer(
  sink: CountingSinkProcess,
  { count, warmUp, connections = CONNECTIONS }: Pick<BaselineRun, 'count' | 'warmUp'> & Partial<BaselineRun>,
): Promise<Row> {
  using pool = openNodemailerPool(sink.host, sink.port, connections);
  const send = (mails: readonly BenchMail[]) => Promise.allSettled(mails.map((mail) => pool.send(mail)));
  await send(makeMails('nodemailer-warm-up', warmUp));

  const mails = makeMails('nodemailer', count);
  const cpuBefore = process.cpuUsage();
  const startAt = epochMs();
  await send(mails);
  const { user, system } = process.cpuUsage(cpuBefore);
  return baselineRow(sink, { row: 'nodemailer pool', mails, startAt, cpuMs: (user + system) / 1_000 });
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fileURLToPath } from 'node:url';
import { type CountingSinkProcess, spawnServer } from '@mail-proxy/testkit';
import { epochMs } from '../smoke/arrivals.ts';
import { type BenchMail, makeMails } from '../smoke/mail.ts';
import type { Row } from '../smoke/row.ts';
import { baselineRow } from './measure.ts';
import type { BaselineRun } from './through-raw-socket.ts';

const BATCH = 100;

/** Measure nodemailer's pool behind HTTP, in a process of its own, with its queue in memory. */
export async function measureNodemailerHttp(
  sink: CountingSinkProcess,
  { count, warmUp, connections }: BaselineRun,
): Promise<Row> {
  await using server = await spawnServer({
    entry: fileURLToPath(new URL('nodemailer-http-main.ts', import.meta.url)),
    args: [],
    env: { SINK_HOST: sink.host, SINK_PORT: String(sink.port), CONNECTIONS: String(connections) },
  });
  const send = async (mails: readonly BenchMail[]): Promise<void> => {
    const { transactions } = await sink.counts();
    for (let at = 0; at < mails.length; at += BATCH) {
      const body = JSON.stringify({ messages: mails.slice(at, at + BATCH) });
      await fetch(server.url, { method: 'POST', body });
    }
    await sink.waitFor(transactions + mails.length);
  };
  await send(makeMails('nodemailer-http-warm-up', warmUp));
  const mails = makeMails('nodemailer-http', count);
  const cpuBefore = await cpuMsOf(server.url);
  const startAt = epochMs();
  await send(mails);
  const cpuMs = (await cpuMsOf(server.url)) - cpuBefore;
  return baselineRow(sink, { row: 'nodemailer behind HTTP', mails, startAt, cpuMs });
}

async function cpuMsOf(url: string): Promise<number> {
  // What the server of the baseline answers to GET.
  const { cpuMs } = (await (await fetch(url)).json()) as { readonly cpuMs: number };
  return cpuMs;
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountingSinkProcess } from '@mail-proxy/testkit';
import { epochMs } from '../smoke/arrivals.ts';
import { makeMails } from '../smoke/mail.ts';
import type { Row } from '../smoke/row.ts';
import { baselineRow } from './measure.ts';
import { type RawMode, sendRaw } from './raw-socket.ts';

export interface BaselineRun {
  readonly count: number;
  readonly warmUp: number;
  readonly connections: number;
}

/** Measure plain sockets in this process: the wire and the sink, and little else. */
export async function measureRawSocket(
  sink: CountingSinkProcess,
  mode: RawMode,
  { count, warmUp, connections }: BaselineRun,
): Promise<Row> {
  const run = { host: sink.host, port: sink.port, connections, mode };
  await sendRaw(makeMails(`raw-${mode}-warm-up`, warmUp), run);
  const mails = makeMails(`raw-${mode}`, count);
  const cpuBefore = process.cpuUsage();
  const startAt = epochMs();
  await sendRaw(mails, run);
  const { user, system } = process.cpuUsage(cpuBefore);
  return baselineRow(sink, { row: `raw socket, ${mode}`, mails, startAt, cpuMs: (user + system) / 1_000 });
}

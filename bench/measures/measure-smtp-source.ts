// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { epochMs } from '../load/epoch.ts';
import type { Row } from '../results/row.ts';
import type { Relay } from '../world/relay.ts';

const PATHS = ['/usr/sbin/smtp-source', '/usr/libexec/postfix/smtp-source'];
const MESSAGE_BYTES = '3100';

/** Postfix's generator of load, where it is installed. */
export function findSmtpSource(): string | null {
  return PATHS.find((path) => existsSync(path)) ?? null;
}

export interface SmtpSourceRun {
  readonly program: string;
  readonly count: number;
  readonly connections: number;
  readonly openRelay: () => Promise<Relay>;
}

/** Messages a second of a client in C that waits for each reply. The relay can't tell its messages apart. */
export async function measureSmtpSource(row: string, run: SmtpSourceRun): Promise<Row> {
  const { program, count, connections } = run;
  await using relay = await run.openRelay();
  const envelope = ['-f', 'shop@example.com', '-t', 'customer@example.net'];
  const load = ['-d', '-s', String(connections), '-m', String(count), '-l', MESSAGE_BYTES];
  const startAt = epochMs();
  const child = spawn(program, [...load, ...envelope, `${relay.host}:${relay.port}`], { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  const seconds = (epochMs() - startAt) / 1_000;
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  const missing = Math.max(0, count - (await relay.taken()));
  return {
    row,
    messages: count,
    missing,
    duplicates: 0,
    figures: { messages_per_second: (count - missing) / seconds, seconds },
  };
}

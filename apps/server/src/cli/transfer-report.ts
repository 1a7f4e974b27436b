// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TransferResult } from '@mail-proxy/core';
import type { Streams } from './streams.ts';

export interface TransferReportOptions {
  /** Of the whole move. */
  readonly elapsedMs: number;
  readonly json: boolean;
  readonly done: 'exported' | 'imported';
  /** What to do next, for a person. */
  readonly next: readonly string[];
}

/** Say what was moved: for people in sentences, for machines as one object. */
export function reportTransfer(
  result: TransferResult,
  { stdout, stderr }: Streams,
  { elapsedMs, json, done, next }: TransferReportOptions,
): void {
  const { folder, archive, rows, tables, unreadableKeys } = result;
  const seconds = Math.round(elapsedMs) / 1_000;
  if (unreadableKeys.length > 0) {
    stderr.write(
      `warning: secrets sealed with the key ${unreadableKeys.join(', ')} cannot be opened any more; set them anew\n`,
    );
  }
  if (json) {
    stdout.write(
      `${JSON.stringify({ folder, archive, rows, tables, unreadable_keys: unreadableKeys, seconds }, null, 2)}\n`,
    );
    return;
  }
  const checked = done === 'imported' ? '; counts and hashes are those of the archive' : '';
  const counted = `${rows} rows of ${Object.keys(tables).length} tables`;
  stdout.write(`${done} ${counted} in ${seconds.toFixed(1)} s${checked}\n`);
  for (const line of next) stdout.write(`  ${line}\n`);
}

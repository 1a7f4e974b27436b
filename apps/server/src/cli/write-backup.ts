// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { open, rm } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/** Where a file of SQLite says how large its pages are, and how many it has (section 1.3 of its file format). */
const PAGE_SIZE_AT = 16;
const PAGE_COUNT_AT = 28;
const HEADER_BYTES = 100;
/** Two bytes cannot say it. */
const LARGEST_PAGE = 65_536;

const MEBIBYTE = 1_048_576;

/** Takes how much has come, in MiB; what the whole is, is known from its first page on. */
type ShowBytes = (progress: { phase: 'backup'; rows: number; total: number; table: string; unit: string }) => void;

/**
 * Keep a database that is sent byte by byte, for its owner alone.
 *
 * @param part - a file that nobody takes for a backup; what an earlier run left there is replaced
 * @returns how many bytes came
 * @throws {UsageError} where it cannot be written
 */
export async function writeBackup(body: AsyncIterable<Uint8Array>, part: string, show: ShowBytes): Promise<number> {
  const file = await orUsage(
    rm(part, { force: true }).then(() => open(part, 'wx', 0o600)),
    part,
  );
  let header = Buffer.alloc(0);
  let bytes = 0;
  let shown = 0;
  try {
    for await (const piece of body) {
      if (header.length < HEADER_BYTES) header = Buffer.concat([header, piece]).subarray(0, HEADER_BYTES);
      await orUsage(file.writeFile(piece), part);
      bytes += piece.length;
      if (header.length < HEADER_BYTES) continue;
      const progress = progressOf(bytes, sizeIn(header));
      if (progress.rows !== shown) show(progress);
      shown = progress.rows;
    }
    await orUsage(file.sync(), part);
  } finally {
    await file.close();
  }
  return bytes;
}

function sizeIn(header: Buffer): number {
  const size = header.readUInt16BE(PAGE_SIZE_AT);
  return header.readUInt32BE(PAGE_COUNT_AT) * (size === 1 ? LARGEST_PAGE : size);
}

function progressOf(bytes: number, total: number): Parameters<ShowBytes>[0] {
  const inMebibytes = (count: number): number => Math.max(1, Math.round(count / MEBIBYTE));
  return { phase: 'backup', rows: inMebibytes(bytes), total: inMebibytes(total), table: 'database', unit: 'MiB' };
}

async function orUsage<Value>(step: Promise<Value>, path: string): Promise<Value> {
  try {
    return await step;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path} cannot be written: ${why}`, { cause: error });
  }
}

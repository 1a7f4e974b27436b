// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { open } from 'node:fs/promises';
import { writePiece } from './stream-lines.ts';
import type { Streams } from './streams.ts';
import { UsageError } from './usage-error.ts';

/**
 * Write a body byte for byte to a file, which is made for its owner alone, or to standard output where there is none or
 * it is `-`.
 *
 * @throws {UsageError} where the file cannot be written
 */
export async function streamBytes(
  body: AsyncIterable<Uint8Array>,
  file: string | undefined,
  stdout: Streams['stdout'],
): Promise<void> {
  if (file !== undefined && file !== '-') return writeFile(body, file);
  for await (const bytes of body) await writePiece(bytes, stdout);
}

async function writeFile(body: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const handle = await orUsage(open(file, 'w', 0o600));
  try {
    for await (const bytes of body) await orUsage(handle.writeFile(bytes));
  } finally {
    await handle.close();
  }
}

/** It is not the server that fails then. */
async function orUsage<Value>(step: Promise<Value>): Promise<Value> {
  try {
    return await step;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--out cannot be written: ${why}`, { cause: error });
  }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Streams } from './streams.ts';

/** Write a body to a file that only its owner reads, or to standard output, byte for byte. */
export async function streamBytes(
  body: AsyncIterable<Uint8Array>,
  file: string | undefined,
  stdout: Streams['stdout'],
): Promise<void> {
  if (file !== undefined) return pipeline(body, createWriteStream(file, { mode: 0o600 }));
  for await (const bytes of body) {
    const isFull = stdout.write(bytes) === false;
    if (isFull && stdout instanceof Writable) await once(stdout, 'drain');
  }
}

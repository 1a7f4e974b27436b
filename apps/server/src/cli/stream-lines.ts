// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { Streams } from './streams.ts';

/** Write a body as it comes, no faster than it is taken. */
export async function streamLines(body: AsyncIterable<Uint8Array>, stdout: Streams['stdout']): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of body) await writeText(decoder.decode(bytes, { stream: true }), stdout);
  await writeText(decoder.decode(), stdout);
}

/** Write, and wait where it cannot be taken yet. */
export async function writeText(text: string, stdout: Streams['stdout']): Promise<void> {
  const isFull = text !== '' && stdout.write(text) === false;
  if (isFull && stdout instanceof Writable) await once(stdout, 'drain');
}

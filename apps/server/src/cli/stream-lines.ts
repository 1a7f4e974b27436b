// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { Streams } from './streams.ts';

/** Write a body as it comes, no faster than it is taken. */
export async function streamLines(body: AsyncIterable<Uint8Array>, stdout: Streams['stdout']): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of body) await writePiece(decoder.decode(bytes, { stream: true }), stdout);
  await writePiece(decoder.decode(), stdout);
}

/** Write, and wait where it cannot be taken yet. */
export async function writePiece(piece: string | Uint8Array, stdout: Streams['stdout']): Promise<void> {
  const isFull = piece.length > 0 && stdout.write(piece) === false;
  if (isFull && stdout instanceof Writable) await once(stdout, 'drain');
}

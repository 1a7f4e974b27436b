// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ByteSource } from '../byte-source.ts';
import { CHUNK_BYTES } from '../dot-stuffing.ts';

/** RFC 2045 §6.8. */
const MAX_LINE = 76;
/** Octets that become one line. */
const OCTETS_PER_LINE = (MAX_LINE / 4) * 3;
/** Attachments in memory are encoded this many lines at a time: 57 KiB in, so that the strings between stay small. */
const LINES_PER_STEP = 1_024;
/** Octets of a source that are encoded at a time: what fills the buffer of the socket once. */
const BLOCK_BYTES = OCTETS_PER_LINE * Math.ceil(CHUNK_BYTES / (MAX_LINE + 2));

/** How long so many octets are in lines of 76 characters. */
export function base64LinesBytes(octets: number): number {
  const characters = Math.ceil(octets / 3) * 4;
  return characters + 2 * Math.max(0, Math.ceil(characters / MAX_LINE) - 1);
}

/** Encode octets in lines of 76 characters. */
export function encodeBase64Lines(octets: Uint8Array): Buffer {
  return encodeLines(octets, false);
}

/**
 * Encode a source block by block; joined, the blocks are what {@link encodeBase64Lines} makes of the whole.
 *
 * @throws Error where the source gives more or less than it said, and whatever it throws itself
 */
export async function* encodeBase64Source(source: ByteSource): AsyncGenerator<Buffer, void, undefined> {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, source.sizeBytes));
  let filled = 0;
  let taken = 0;
  for await (const piece of source.read()) {
    if (taken + piece.length > source.sizeBytes) throw new Error(`a source of ${source.sizeBytes} bytes gave more`);
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + block.length - filled);
      block.set(part, filled);
      at += part.length;
      filled += part.length;
      taken += part.length;
      if (filled < block.length) continue;
      yield encodeLines(block, taken > filled);
      filled = 0;
    }
  }
  if (taken < source.sizeBytes) throw new Error(`a source of ${source.sizeBytes} bytes ended after ${taken}`);
  if (filled > 0) yield encodeLines(block.subarray(0, filled), taken > filled);
}

/** @param isContinued - Other lines came before: the first one starts with the end of the last. */
function encodeLines(octets: Uint8Array, isContinued: boolean): Buffer {
  const source = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const encoded = Buffer.allocUnsafe(base64LinesBytes(source.length) + (isContinued ? 2 : 0));
  let at = 0;
  for (let from = 0; from < source.length; from += OCTETS_PER_LINE * LINES_PER_STEP) {
    const step = Buffer.from(source.toString('base64', from, from + OCTETS_PER_LINE * LINES_PER_STEP), 'latin1');
    for (let start = 0; start < step.length; start += MAX_LINE) {
      if (at > 0 || isContinued) at += encoded.write('\r\n', at, 'latin1');
      at += step.copy(encoded, at, start, start + MAX_LINE);
    }
  }
  return encoded;
}

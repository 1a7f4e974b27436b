// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ByteSource } from '../byte-source.ts';
import { CHUNK_BYTES } from '../dot-stuffing.ts';

/** RFC 2045 §6.8. */
const MAX_LINE = 76;
/** Octets that become one line. */
const OCTETS_PER_LINE = (MAX_LINE / 4) * 3;
/** Octets of a source that are encoded at a time: what fills the buffer of the socket once. */
const BLOCK_BYTES = OCTETS_PER_LINE * Math.ceil(CHUNK_BYTES / (MAX_LINE + 2));

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'];
/** The two characters for each twelve bits. */
const PAIRS = Uint16Array.from(ALPHABET.flatMap((first) => ALPHABET.map((second) => pairOf(first + second))));
const CRLF = pairOf('\r\n');

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

/**
 * Three octets are two writes of two characters: half the time of the runtime's base64 and a copy of each line.
 *
 * @param isContinued - Other lines came before: the first one starts with the end of the last.
 */
function encodeLines(octets: Uint8Array, isContinued: boolean): Buffer {
  const encoded = Buffer.allocUnsafe(base64LinesBytes(octets.length) + (isContinued ? 2 : 0));
  // Whatever allocates buffers starts them at a multiple of eight.
  const pairs = new Uint16Array(encoded.buffer, encoded.byteOffset, encoded.length / 2);
  const wholeOctets = octets.length - (octets.length % 3);
  let length = 0;
  for (let from = 0; from < octets.length; from += OCTETS_PER_LINE) {
    if (from > 0 || isContinued) pairs[length++] = CRLF;
    const end = Math.min(wholeOctets, from + OCTETS_PER_LINE);
    for (let at = from; at < end; at += 3) {
      const first = octets[at] ?? 0;
      const second = octets[at + 1] ?? 0;
      const third = octets[at + 2] ?? 0;
      pairs[length++] = PAIRS[(first << 4) | (second >> 4)] ?? 0;
      pairs[length++] = PAIRS[((second & 0x0f) << 8) | third] ?? 0;
    }
  }
  if (wholeOctets < octets.length) {
    encoded.write(Buffer.from(octets.subarray(wholeOctets)).toString('base64'), 2 * length, 'latin1');
  }
  return encoded;
}

/** Two characters as the machine keeps them. */
function pairOf(characters: string): number {
  return new Uint16Array(Uint8Array.from(Buffer.from(characters, 'latin1')).buffer)[0] ?? 0;
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Starts a `storage_path` that holds the bytes themselves. */
export const BASE64_PREFIX = 'base64:';

/** So many letters stand for three bytes. */
const GROUP = 4;
/** Letters decoded in one go: few enough for their text to be made where the runtime keeps what lives briefly. */
const PART = 16_384;

/**
 * A `storage_path` of `base64:` and letters, held as the bytes that it stands for. Who reads a request can make one of a
 * long text without ever having it as a string; where text is wanted, it is that text again.
 */
export class Base64Bytes {
  readonly bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /**
   * Decode what stands behind the prefix.
   *
   * @param pieces - of the text, as bytes of ASCII
   * @returns null where it is not the one way to write its bytes: the standard alphabet, padded, without line breaks
   */
  static decode(pieces: readonly Uint8Array[]): Base64Bytes | null {
    const views = pieces.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
    const letters = views.reduce((sum, { length }) => sum + length, 0);
    if (letters === 0 || letters % GROUP !== 0) return null;
    const bytes = Buffer.allocUnsafeSlow((letters / GROUP) * 3 - paddingOf(views));
    let size = 0;
    let lastGroup = '';
    for (const part of partsOf(views)) {
      // The decoder takes the letters of URLs as well, and passes over what is no letter: then it gives fewer bytes.
      if (part.includes('-') || part.includes('_')) return null;
      const end = Math.min(size + (part.length / GROUP) * 3, bytes.length);
      if (bytes.write(part, size, 'base64') !== end - size) return null;
      size = end;
      lastGroup = part.slice(-GROUP);
    }
    // Nor does it look at the bits between the last byte and the padding, which another text may have set.
    return bytes.toString('base64', size - (size % 3 || 3)) === lastGroup ? new Base64Bytes(bytes) : null;
  }

  toString(): string {
    return BASE64_PREFIX + this.bytes.toString('base64');
  }

  toJSON(): string {
    return this.toString();
  }
}

/** The text in parts of whole groups. */
function* partsOf(views: readonly Buffer[]): Generator<string, void, undefined> {
  let rest = '';
  for (const view of views) {
    let at = 0;
    if (rest !== '') {
      at = GROUP - rest.length;
      rest += view.toString('latin1', 0, at);
      if (rest.length < GROUP) continue;
      yield rest;
    }
    const end = view.length - ((view.length - at) % GROUP);
    for (; at < end; at += PART) yield view.toString('latin1', at, Math.min(at + PART, end));
    rest = view.toString('latin1', end);
  }
}

function paddingOf(views: readonly Buffer[]): number {
  let padding = 0;
  for (const view of views.toReversed()) {
    for (let at = view.length - 1; at >= 0; at--) {
      if (view[at] !== 0x3d || padding === 2) return padding;
      padding += 1;
    }
  }
  return padding;
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { encodeBase64Lines } from './base64-lines.ts';
import { encodeQuotedPrintable, wrapQuotedPrintable } from './nodemailer-primitives.ts';

/** ASCII lines of at most 76 octets, separated by CRLF, the last without one unless the text had it. */
export interface EncodedBody {
  readonly encoding: '7bit' | 'quoted-printable' | 'base64';
  readonly content: string | Buffer;
}

/** RFC 2045 §6.7 and §6.8, for both encodings. */
const MAX_LINE = 76;

/**
 * Encode a text body. Line ends of any kind become CRLF first: a bare CR or LF is where relays disagree
 * about where a message ends. Text that is plain goes as it is; else the shorter of the two encodings.
 *
 * @param taboo - What 7bit content may not contain: the mark that the message's boundaries share.
 */
export function encodeTextBody(text: string, taboo: string): EncodedBody {
  const canonical = text.replace(/\r\n|\r|\n/g, '\r\n');
  const size = measure(canonical);
  if (size.isPlain && !canonical.includes(taboo)) return { encoding: '7bit', content: canonical };
  const octets = Buffer.from(canonical);
  if (size.base64 < size.quotedPrintable) return { encoding: 'base64', content: encodeBase64Lines(octets) };
  return { encoding: 'quoted-printable', content: wrapQuotedPrintable(encodeQuotedPrintable(octets), MAX_LINE) };
}

interface BodySize {
  /** Printable ASCII in lines that need nothing done, no white space before their end. */
  readonly isPlain: boolean;
  /** Octets once encoded, approximately. */
  readonly quotedPrintable: number;
  readonly base64: number;
}

/** One pass over the UTF-16 code units, so that no encoding is made only to be thrown away. */
function measure(text: string): BodySize {
  let isPlain = true;
  let octets = 0;
  let escaped = 0;
  let lineLength = 0;
  let previous = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    octets++;
    if (unit === CR) {
      if (previous === SPACE || previous === TAB) isPlain = false;
      lineLength = 0;
    } else if (unit !== LF) {
      if (++lineLength > MAX_LINE) isPlain = false;
      if (unit > 0x7e || (unit < SPACE && unit !== TAB)) {
        isPlain = false;
        const width = unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
        octets += width - 1;
        escaped += width;
      } else if (unit === EQUALS) {
        escaped++;
      }
    }
    previous = unit;
  }
  if (previous === SPACE || previous === TAB) isPlain = false;
  const quotedPrintable = octets + escaped * 2;
  return {
    isPlain,
    quotedPrintable: quotedPrintable * (1 + 3 / MAX_LINE),
    base64: (octets * 4 * (1 + 2 / MAX_LINE)) / 3,
  };
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const EQUALS = 0x3d;

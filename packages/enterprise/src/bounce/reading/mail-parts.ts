// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import PostalMime, { decodeWords, type Email } from 'postal-mime';
import { type Field, readFields } from '../../mail/fields.ts';
import { withoutNul } from '../../mail/without-nul.ts';
import { htmlToLines } from './html-lines.ts';
import { cutToReport } from './report-cut.ts';

/** What a report is read from: its header, its words, and the parts that are no words. */
export interface MailParts {
  readonly fields: readonly Field[];
  /** Of `text/plain`, else of `text/html`. */
  readonly text: string;
  readonly parts: readonly MailPart[];
  /** Content-Type of the whole, in lower case with its parameters. */
  readonly contentType: string;
}

export interface MailPart {
  /** `message/delivery-status`, in lower case. */
  readonly type: string;
  readonly filename: string | null;
  /** The first {@link MAX_PART_CHARACTERS} characters. */
  readonly text: string;
}

const MAX_PART_CHARACTERS = 64 * 1024;
const MAX_TEXT_CHARACTERS = 128 * 1024;
const MAX_PARTS = 100;

/** Deeper than any report; the library's own default would be the same as giving up. */
const LIMITS = { maxNestingDepth: 64, maxHeadersSize: 256 * 1024, forceRfc822Attachments: true } as const;

/**
 * Take a mail apart. Never throws: what the MIME library refuses (too deep, too long a header) is read as a header and
 * plain text.
 */
export async function takeApart(raw: Uint8Array): Promise<MailParts> {
  const bytes = cutToReport(withoutEnvelopeLine(raw));
  const email = await parsed(bytes);
  if (email === null) return plainly(bytes);
  const mail = partsOf(email);
  if (mail.text.trim() !== '' || mail.parts.length > 0) return mail;
  const mended = await parsed(withBoundary(bytes));
  const again = mended === null ? null : partsOf(mended);
  if (again === null || (again.text.trim() === '' && again.parts.length === 0)) return plainly(bytes);
  return { ...again, fields: mail.fields, contentType: mail.contentType };
}

/**
 * Any refusal is the mail's fault: the bytes are at hand, and nothing but they decides. So the error says nothing more
 * than that this is no MIME.
 */
async function parsed(bytes: Uint8Array): Promise<Email | null> {
  return PostalMime.parse(bytes, LIMITS).catch(() => null);
}

function partsOf(email: Email): MailParts {
  const fields = email.headers.map(({ key, value }): Field => [key, withoutNul(decodeWords(value.slice(0, 4_000)))]);
  const parts = email.attachments.slice(0, MAX_PARTS).map(
    ({ mimeType, filename, content }): MailPart => ({
      type: mimeType,
      filename,
      text: decodePart(content),
    }),
  );
  const html = email.html === undefined ? '' : htmlToLines(email.html.slice(0, MAX_TEXT_CHARACTERS));
  const plain = (email.text ?? '').slice(0, MAX_TEXT_CHARACTERS);
  // A report's words come first, attached or with a broken type; one in HTML alone has those.
  const broken = parts.find(({ type }) => /^text\/plain\s/.test(type))?.text ?? '';
  const attached = parts.find(({ type }) => type === 'text/plain')?.text ?? '';
  const text = withoutNul([broken, plain, html, attached].find((each) => each.trim() !== '') ?? '');
  const contentType = fields.find(([name]) => name === 'content-type')?.[1].toLowerCase() ?? '';
  return { fields, text, parts, contentType };
}

function plainly(bytes: Uint8Array): MailParts {
  const text = withoutNul(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'))
    .slice(0, MAX_TEXT_CHARACTERS)
    .replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  const fields = readFields(end === -1 ? text : text.slice(0, end));
  const contentType = fields.find(([name]) => name === 'content-type')?.[1].toLowerCase() ?? '';
  return { fields, text: end === -1 ? '' : text.slice(end + 2), parts: [], contentType };
}

/** Parts of reports are ASCII by their RFCs; what is not is UTF-8 (RFC 6533), or in old Japanese ones ISO-2022-JP. */
function decodePart(content: ArrayBuffer | Uint8Array | string): string {
  if (typeof content === 'string') return withoutNul(content.slice(0, MAX_PART_CHARACTERS));
  const bytes = new Uint8Array(content).subarray(0, MAX_PART_CHARACTERS);
  const text = new TextDecoder().decode(bytes);
  return withoutNul(text.includes('\u001b$') ? new TextDecoder('iso-2022-jp').decode(bytes) : text);
}

/** A multipart that lost its boundary, which its body still tells; anything else becomes its own plain text. */
function withBoundary(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const body = text.slice(/\r?\n\r?\n/.exec(text)?.index ?? text.length).trimStart();
  const boundary = /^--([^\s"]{1,70})[ \t]*$/m.exec(body)?.[1];
  const type = boundary === undefined ? 'text/plain' : `multipart/mixed; boundary="${boundary}"`;
  return Buffer.from(`Content-Type: ${type}\n\n${body}`, 'latin1');
}

/** Mailbox files and some pipes begin with `From sender date`, which is no header (RFC 4155). */
function withoutEnvelopeLine(bytes: Uint8Array): Uint8Array {
  const isEnvelope = bytes[0] === 0x46 && Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'From ';
  const end = isEnvelope ? bytes.indexOf(0x0a) : -1;
  let at = end + 1;
  while (bytes[at] === 0x0a || bytes[at] === 0x0d) at += 1;
  return bytes.subarray(at);
}

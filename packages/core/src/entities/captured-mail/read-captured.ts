// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import PostalMime, { decodeWords, type Email } from 'postal-mime';

/** A captured mail, taken apart for people. */
export interface ReadMail {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly text: string | null;
  readonly html: string | null;
  /** Text or HTML was longer than is shown. */
  readonly isCut: boolean;
  readonly attachments: readonly ReadAttachment[];
}

/** A file in a captured mail. */
export interface ReadAttachment {
  readonly filename: string | null;
  readonly mimeType: string;
  readonly disposition: string | null;
  readonly contentId: string | null;
  readonly bytes: Uint8Array;
}

/** Characters of a text: far more than anybody reads. */
const MAX_CHARACTERS = 1_048_576;
/** A program may submit any complete message: what is nested deeper is shown as nothing but its bytes. */
const LIMITS = { maxNestingDepth: 64, maxHeadersSize: 262_144, forceRfc822Attachments: true } as const;
const NOTHING: ReadMail = { headers: [], text: null, html: null, isCut: false, attachments: [] };

/** Take a mail apart. One that is no MIME has nothing to show but its bytes. */
export async function readCaptured(bytes: Uint8Array): Promise<ReadMail> {
  const email = await parsed(bytes);
  if (email === null) return NOTHING;
  const { headers, text = null, html = null, attachments } = email;
  return {
    headers: headers.map(({ originalKey: name, value }) => ({ name, value: decodeWords(value) })),
    text: text?.slice(0, MAX_CHARACTERS) ?? null,
    html: html?.slice(0, MAX_CHARACTERS) ?? null,
    isCut: [text, html].some((each) => (each?.length ?? 0) > MAX_CHARACTERS),
    attachments: attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
      filename,
      mimeType,
      disposition,
      contentId: contentId ?? null,
      bytes: typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content),
    })),
  };
}

/** The bytes are at hand, and nothing but they decides: the error says nothing more than that they are no MIME. */
async function parsed(bytes: Uint8Array): Promise<Email | null> {
  return PostalMime.parse(bytes, LIMITS).catch(() => null);
}

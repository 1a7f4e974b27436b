// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError, type RequestPlace, type UploadedFile, type Uploads } from '@mail-proxy/core';
import type { FormPart } from './form-part.ts';
import { readParts } from './form-parts.ts';
import { type JsonObject, parseJsonObject } from './parse-json.ts';
import { readPieces } from './read-body.ts';

/** A file of a form. */
export interface SentFile {
  /** Of the field. */
  readonly field: string;
  readonly filename: string;
  readonly mimeType: string | undefined;
  readonly content: UploadedFile;
}

/** A message with the files that came with it; they are gone once it is disposed of. */
export interface SentForm extends AsyncDisposable {
  readonly message: JsonObject;
  /** In their order. */
  readonly files: readonly SentFile[];
}

/** The field that holds the message. */
const MESSAGE = 'message';

/**
 * Read a form: one field with the JSON of the message, all others files.
 *
 * @param maxJsonBytes - of the message without its files
 * @throws {MailProxyError} `body_too_large`, `storage_full`, `malformed_request`, `malformed_json`; `invalid_input` where
 * the form has not exactly one message, or a field that is neither it nor a file
 */
export async function readForm(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  {
    uploads,
    maxJsonBytes,
    place = null,
  }: { readonly uploads: Uploads; readonly maxJsonBytes: number; readonly place?: RequestPlace | null },
): Promise<SentForm> {
  await using held = new AsyncDisposableStack();
  const files: SentFile[] = [];
  let message: JsonObject | undefined;
  let roomBytes = uploads.maxMessageBytes;
  await readParts(body, boundary, async (part) => {
    if (part.name === MESSAGE) {
      if (message !== undefined) throw wrongField(MESSAGE, 'expected once');
      message = parseJsonObject(await readPieces(part.body, maxJsonBytes, place));
      return;
    }
    const filename = filenameOf(part);
    const content = held.use(await uploads.take(part.body, roomBytes));
    roomBytes -= content.size;
    files.push({ field: part.name, filename, mimeType: part.mimeType, content });
  });
  if (message === undefined) throw wrongField(MESSAGE, 'required: the message as JSON');
  const kept = held.move();
  return { message, files, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function filenameOf({ name, filename = '' }: FormPart): string {
  if (filename !== '') return filename;
  throw wrongField(name, `expected a file with a name; what is no file goes into ${MESSAGE}`);
}

function wrongField(name: string, message: string): MailProxyError {
  const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return new MailProxyError('invalid_input', {
    detail: `${pointer}: ${message}`,
    problems: [{ pointer, message }],
  });
}

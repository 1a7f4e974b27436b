// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Dicer } from '@fastify/busboy';
import { MailProxyError } from '@mail-proxy/core';
import { type FormPart, formPart, type PartFields } from './form-part.ts';

/** The message and its files; more than a mail has. */
const MAX_PARTS = 101;

/**
 * Read the parts of a `multipart/form-data` body (RFC 7578), one after the other: each is given to `take`, and the rest
 * of the body waits until `take` has read it to its end. After a failure nothing more is read.
 *
 * @fastify/busboy (MIT, no dependencies) finds the parts: of those that stream, it is the one that is released most
 * often. Its own reading of fields is not used, since it passes over parts that it cannot read, and a file would be
 * missing from the mail.
 *
 * @throws {MailProxyError} `malformed_request`, `body_too_large`; what `take` and the body throw
 */
export async function readParts(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  take: (part: FormPart) => Promise<void>,
): Promise<void> {
  const parser = new Dicer({ boundary });
  const opened: Dicer.PartStream[] = [];
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  let isParsed = false;
  const finished = new Promise<void>((resolve) => {
    parser.once('finish', () => {
      isParsed = true;
      resolve();
    });
  });
  let begun = 0;
  let taking = Promise.resolve();
  let isOver = false;
  parser.on('error', (error) => fail(unreadable('the form has no end', error)));
  parser.on('part', (stream) => {
    opened.push(stream);
    // The parser fails of the same, or the reader left it early.
    stream.on('error', () => undefined);
    if (opened.length > MAX_PARTS) fail(tooManyParts());
    stream.once('header', (fields) => {
      begun += 1;
      // As Dicer makes it.
      taking = taking.then(() => take(formPart(fields as PartFields, stream)));
      taking.catch(fail);
    });
  });
  const feed = async (): Promise<void> => {
    for await (const piece of body) {
      // Of a piece with the end of the form in it, the parser may never say that it took it. What comes behind is no part.
      if (!isParsed) await Promise.race([finished, new Promise<void>((taken) => parser.write(piece, () => taken()))]);
      if (isOver) return;
    }
    if (!isParsed) parser.end();
    await finished;
    await taking;
    // A part that ends within its header is never begun.
    if (begun < opened.length) throw unreadable('a part has no complete header');
  };
  try {
    await Promise.race([failed, feed()]);
  } catch (error) {
    isOver = true;
    // What is being read of a part ends with this, and gives back what it holds.
    for (const stream of opened) stream.destroy(new Error('the form was not read to its end', { cause: error }));
    parser.destroy();
    await Promise.allSettled([taking]);
    throw error;
  }
}

function tooManyParts(): MailProxyError {
  return new MailProxyError('body_too_large', {
    detail: `expected at most ${MAX_PARTS - 1} files`,
    extra: { max_files: MAX_PARTS - 1 },
  });
}

function unreadable(detail: string, cause?: unknown): MailProxyError {
  return new MailProxyError('malformed_request', { detail, cause });
}

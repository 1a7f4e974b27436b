// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, MailProxyError } from '@mail-proxy/core';
import type { JsonObject } from './parse-json.ts';
import type { SentFile, SentForm } from './read-form.ts';

/** Stands before the name of the field in an attachment that refers to a file of the form. */
const PART = 'part:';

/**
 * Make the files of a form attachments of its message: first those of the JSON, which may refer to a file by
 * `"storage_path": "part:<field>"` to say more about it, then the files that none refers to.
 *
 * What the JSON holds in place of a list is left to the schema to refuse.
 *
 * @throws {MailProxyError} `invalid_input` where a reference leads to no file, or to several
 */
export function attachFiles({ message, files }: Pick<SentForm, 'message' | 'files'>): JsonObject {
  const { attachments = [] } = message;
  if (!Array.isArray(attachments)) return message;
  const named = new Set<SentFile>();
  const problems: InputProblem[] = [];
  const listed = attachments.map((attachment: unknown, index) => {
    const field = fieldOf(attachment);
    if (field === null) return attachment;
    const [file, another] = files.filter((candidate) => candidate.field === field);
    if (file === undefined || another !== undefined) {
      const found = file === undefined ? 'has no file' : 'has several files';
      problems.push({ pointer: `/attachments/${index}/storage_path`, message: `the form ${found} of that name` });
      return attachment;
    }
    named.add(file);
    const { storage_path: _, ...described } = Object(attachment);
    return { ...attachmentOf(file), ...described };
  });
  if (problems.length > 0) {
    throw new MailProxyError('invalid_input', {
      detail: problems.map(({ pointer, message }) => `${pointer}: ${message}`).join('; '),
      problems,
    });
  }
  return { ...message, attachments: [...listed, ...files.filter((file) => !named.has(file)).map(attachmentOf)] };
}

function fieldOf(attachment: unknown): string | null {
  const path: unknown = Object(attachment).storage_path;
  return typeof path === 'string' && path.startsWith(PART) ? path.slice(PART.length) : null;
}

function attachmentOf({ filename, mimeType, content }: SentFile): JsonObject {
  return { filename, ...(mimeType === undefined ? {} : { mime_type: mimeType }), content };
}

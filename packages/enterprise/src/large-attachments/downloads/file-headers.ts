// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { LargeLinksTable } from '../large-attachments.table.ts';

/** Whatever a file is: it is saved, and nothing in it is run under the name of this server. */
export function fileHeaders({ filename, mime_type, file_pk }: LargeLinksTable): Readonly<Record<string, string>> {
  return {
    'content-type': /^[\w.+-]+\/[\w.+-]+$/.test(mime_type) ? mime_type : 'application/octet-stream',
    'content-disposition': dispositionOf(filename),
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
    'cache-control': 'private, no-store',
    'referrer-policy': 'no-referrer',
    'accept-ranges': 'bytes',
    etag: etagOf({ file_pk }),
  };
}

/** The bytes of a file never change. */
export function etagOf({ file_pk }: Pick<LargeLinksTable, 'file_pk'>): string {
  return `"${file_pk}"`;
}

/** RFC 6266, for those that know no other letters first. */
function dispositionOf(filename: string): string {
  const name = filename.toWellFormed();
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  // RFC 8187 §3.2.1 has fewer letters than URLs.
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

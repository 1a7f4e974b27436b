// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isHeldFile } from '../../attachments/uploaded-file.ts';
import { invalidInput } from '../../operations/validate.ts';
import { Problems } from './check-problems.ts';
import type { CheckedAttachment, DraftContent } from './draft-attachment.ts';
import type { SubmissionServices } from './message-services.ts';

/**
 * Store the files of a message that are not in memory, one after the other: each may be large.
 *
 * @throws {MailProxyError} `invalid_input` where a file is not what the client says of it
 */
export async function storeFiles(
  { storeFile }: Pick<SubmissionServices, 'storeFile'>,
  tenantId: string,
  { attachments, base }: { readonly attachments: readonly CheckedAttachment[]; readonly base: string },
): Promise<ReadonlyMap<number, DraftContent>> {
  const stored = new Map<number, DraftContent>();
  const problems = new Problems(base);
  for (const [position, { content, md5, sha256 }] of attachments.entries()) {
    if (!isHeldFile(content)) continue;
    const file = await storeFile(tenantId, content);
    const at = `attachments/${position}`;
    if (md5 !== null && md5 !== file.md5) problems.add(`${at}/content_md5`, 'it is not the MD5 of the bytes');
    if (sha256 !== null && sha256 !== file.sha256) {
      problems.add(`${at}/content_sha256`, 'it is not the SHA-256 of the bytes');
    }
    stored.set(position, { hash: file.sha256, bytes: null });
  }
  if (problems.list.length > 0) throw invalidInput(problems.list);
  return stored;
}

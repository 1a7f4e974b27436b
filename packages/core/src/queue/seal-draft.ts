// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ContentSealer } from '../entities/message/content-sealer.ts';
import { authPlace, type DraftAttachment } from '../entities/message/draft-attachment.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { chunksOf } from './attachment-chunks.ts';

/** Seal what a message says and the files that came with it, before it is stored. */
export async function sealDraft(draft: MessageDraft, contents: ContentSealer): Promise<MessageDraft> {
  const { pk, tenant_id: tenantId } = draft.message;
  return {
    ...draft,
    content: contents.sealText(pk, draft.content),
    attachments: await Promise.all(draft.attachments.map((attachment) => sealFile(attachment, tenantId, contents))),
  };
}

async function sealFile(
  attachment: DraftAttachment,
  tenantId: string,
  contents: ContentSealer,
): Promise<DraftAttachment> {
  const { content } = attachment;
  if (content === null) return attachment;
  const hash = await contents.nameOf(tenantId, content.hash);
  // The plain hashes of bytes that are here were compared, and would tell what they are.
  const named = { ...attachment, md5: null, sha256: null, content: { hash, bytes: null } };
  if (content.bytes === null) return named;
  const sizeBytes = content.bytes.byteLength;
  const sealed = chunksOf(content.bytes).map((bytes, position) =>
    contents.sealChunk({ tenantId, hash, position, sizeBytes }, bytes),
  );
  const sealedAs = sealed[0]?.sealedAs ?? null;
  return { ...named, content: { hash, bytes: Buffer.concat(sealed.map(({ bytes }) => bytes)), sealedAs, sizeBytes } };
}

/** The same for another message, whose place a draft takes: what is sealed opens in its own place only. */
export function moveDraft(
  draft: MessageDraft,
  pk: string,
  { sealer, contents }: { readonly sealer: Sealer; readonly contents: ContentSealer },
): MessageDraft {
  const { message, content, attachments } = draft;
  return {
    ...draft,
    message: { ...message, pk },
    content: contents.sealText(pk, contents.openText(message.pk, content)),
    attachments: attachments.map((attachment, position) => {
      const { auth } = attachment;
      if (auth === null) return attachment;
      const plain = sealer.open(auth, authPlace({ messagePk: message.pk, position }));
      return { ...attachment, auth: sealer.seal(plain, authPlace({ messagePk: pk, position })) };
    }),
  };
}

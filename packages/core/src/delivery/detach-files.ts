// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '../attachments/attachment-failure.ts';
import type { Clock } from '../clock.ts';
import type { BroughtFile, CombinedHooks, CombinedPreparation } from '../mixin/hooks.ts';
import type { Log } from '../observability/log.ts';
import type { AttachmentContents } from '../queue/attachment-contents.ts';
import type { Preparing, PreparingMessage } from '../queue/preparing.ts';
import { hookedMessage } from './compose-message.ts';
import { failureOfBug, type PreparingFailure, tooLargeTogether } from './preparing-failure.ts';
import { isDatabaseAway } from './run-attempt.ts';

export interface DetachServices {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly hooks: Pick<CombinedHooks, 'preparing'>;
  readonly preparing: Pick<Preparing, 'attachments' | 'finish'>;
  readonly contents: Pick<AttachmentContents, 'sizeOf' | 'read'>;
  readonly limits: { readonly maxMessageBytes: number };
}

/**
 * Ask mixins what becomes of the files of a message, all of which are stored, and write it: the message is ready then.
 *
 * @param late - aborts when mixins have had their time
 * @returns why it can't be sent, for now or for good, with nothing written; null where it is ready
 */
export async function detachFiles(
  message: PreparingMessage,
  services: DetachServices,
  { signal, late }: { readonly signal: AbortSignal; readonly late: AbortSignal },
): Promise<PreparingFailure | null> {
  const { preparing, clock, limits } = services;
  const files = await filesOf(message, services);
  const answer = await ask(message, services, { files, signal, late });
  if (answer instanceof AttachmentFailure) return answer;
  if ('refuse' in answer) {
    const { refuse: reason, permanence } = answer;
    return { stage: 'admit', verdict: 'policy', permanence, reason, retryAfterMs: null };
  }
  const sizes = new Map(files.map(({ position, sizeBytes }) => [position, sizeBytes]));
  const detached = answer.detach.map((file) => ({ ...file, sizeBytes: sizes.get(file.position) ?? 0 }));
  for (const { position } of detached) sizes.delete(position);
  const left = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (left > limits.maxMessageBytes) return tooLargeTogether(limits.maxMessageBytes);
  signal.throwIfAborted();
  await preparing.finish(message, detached, clock.now());
  return null;
}

/** What is not a word of the mixins to the client, nor trouble of the database, is a bug of theirs. */
async function ask(
  message: PreparingMessage,
  { hooks, log }: Pick<DetachServices, 'hooks' | 'log'>,
  {
    files,
    signal,
    late,
  }: { readonly files: readonly BroughtFile[]; readonly signal: AbortSignal; readonly late: AbortSignal },
): Promise<CombinedPreparation | AttachmentFailure> {
  try {
    return await hooks.preparing(hookedMessage(message), files, AbortSignal.any([signal, late]));
  } catch (error) {
    if (signal.aborted || isDatabaseAway(error)) throw error;
    const failure = late.aborted ? late.reason : error;
    if (failure instanceof AttachmentFailure) return failure;
    log.error(
      { messagePk: message.pk, tenantId: message.tenant_id, err: error },
      'preparing failed by a bug of a mixin',
    );
    return failureOfBug(error);
  }
}

async function filesOf(
  { pk }: Pick<PreparingMessage, 'pk'>,
  { preparing, contents }: Pick<DetachServices, 'preparing' | 'contents'>,
): Promise<readonly BroughtFile[]> {
  const attachments = await preparing.attachments(pk);
  return await Promise.all(
    attachments.map(async ({ tenant_id: tenantId, content_hash: hash, ...file }): Promise<BroughtFile> => {
      const sizeBytes = hash === null ? null : await contents.sizeOf({ tenantId, hash });
      if (hash === null || sizeBytes === null) throw new Error(`the bytes of ${file.filename} are gone`);
      return {
        position: file.position,
        filename: file.filename,
        mimeType: file.mime_type,
        disposition: file.disposition,
        contentId: file.content_id,
        sizeBytes,
        contentHash: hash,
        read: () => contents.read({ tenantId, hash }),
      };
    }),
  );
}

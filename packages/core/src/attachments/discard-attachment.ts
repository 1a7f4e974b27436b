// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AttachmentBody } from './attachment-body.ts';

/** Close a body of which nothing is to be read. One that was never begun would close nothing, so it is begun. */
export async function discardAttachment({ body }: AttachmentBody): Promise<void> {
  for await (const _piece of body) return;
}

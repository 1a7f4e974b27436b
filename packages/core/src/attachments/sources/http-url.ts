// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AttachmentBody } from '../attachment-body.ts';
import { askServer } from './ask-server.ts';
import type { ServerContext } from './source-context.ts';

/** Open what lies at a URL. */
export function openHttpUrl(url: string, context: ServerContext): Promise<AttachmentBody> {
  return askServer({ url }, context);
}

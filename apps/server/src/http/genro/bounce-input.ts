// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { flag, maybe, text, whole } from './given-fields.ts';

/** What `PUT /instance` takes. */
export const instanceInput = v.object({
  bounce_enabled: maybe(flag),
  bounce_imap_host: maybe(text),
  bounce_imap_port: maybe(whole),
  bounce_imap_user: maybe(text),
  bounce_imap_password: maybe(text),
  bounce_imap_folder: maybe(text),
  bounce_imap_ssl: maybe(flag),
  bounce_poll_interval: maybe(whole),
});
export type InstanceInput = v.InferOutput<typeof instanceInput>;

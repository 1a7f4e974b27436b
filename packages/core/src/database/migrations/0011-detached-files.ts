// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Migration } from './migration.ts';

/** What is left of files that mixins took out of their messages. */
export const detachedFiles: Migration = {
  number: 11,
  name: 'detached-files',
  // Older code goes on: it asks no mixin, and has to try again with what lost files by one.
  minReader: 4,
  up: (schema, t) => [schema.alterTable('message_attachments').addColumn('detached', t.text)],
};

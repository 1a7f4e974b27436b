// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import type { TableWorld } from './table-world.case.ts';

/** What the command lines are about: a server with the tenants of the table, and a folder that is empty at first. */
export interface CommandWorld {
  readonly table: TableWorld;
  /** A path in the folder. */
  readonly file: (name: string) => string;
}

/** How a command is run, once for people and once with `--json`. */
export type CommandRow =
  | {
      /** What stands behind its name. */
      readonly args: (world: CommandWorld) => readonly string[] | Promise<readonly string[]>;
      /** @defaultValue 0 */
      readonly code?: number;
      /** It writes no JSON: it says nothing on stdout, or what it wrote is elsewhere. @defaultValue false */
      readonly isSilent?: boolean;
    }
  /** The file that runs it, where it needs a world of its own: it has to name the command. */
  | { readonly shownIn: string };

const none = { args: () => [] };
const mail = { from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' };

async function messageOf({ table }: CommandWorld): Promise<string> {
  return String((await table.run('messages.create', { tenant_id: 'acme', ...mail }))['pk']);
}

/** One for each command that is none of an operation's; those are made of the rows of `operation-rows.case.ts`. */
export const COMMAND_ROWS: Readonly<Record<string, CommandRow>> = {
  serve: { shownIn: 'terminal.test.ts' },
  list: none,
  status: { ...none, code: 69 },
  stop: none,
  logs: { shownIn: 'instances.test.ts' },
  use: { args: () => ['--none'] },
  current: none,
  token: none,
  send: {
    args: () => ['--tenant-id', 'acme', '--from', mail.from, '--to', mail.to, '--subject', 'Hi', '--text', 'Hi'],
  },
  stats: none,
  top: { shownIn: 'mail-terminal.test.ts' },
  'run-now': none,
  verify: { args: () => ['main', '--tenant-id', 'acme'], code: 1 },
  doctor: { shownIn: 'doctor.test.ts' },
  apply: {
    args: ({ file }) => {
      writeFileSync(file('set-up.yaml'), 'tenants:\n  - { id: acme }\n');
      return ['-f', file('set-up.yaml')];
    },
  },
  backup: { shownIn: 'backup-command.test.ts' },
  restore: { shownIn: 'backup-command.test.ts' },
  migrate: { args: ({ file }) => ['--data-dir', file('migrated')] },
  export: { shownIn: 'database-commands.test.ts' },
  import: { shownIn: 'database-commands.test.ts' },
  'import-genro': { shownIn: 'import-genro-command.test.ts' },
  call: { args: () => ['GET', '/v1/instance'] },
  openapi: none,
  completion: { args: () => ['bash'] },
  'messages show': { args: async (world) => [await messageOf(world)] },
  'messages watch': { args: () => ['none-such', '--tenant-id', 'acme'], code: 1, isSilent: true },
  'keys generate': none,
  'suppressions import': {
    args: ({ file }) => {
      writeFileSync(file('list.ndjson'), '{"address":"one@example.org"}\n');
      return [file('list.ndjson'), '--tenant-id', 'acme'];
    },
  },
};

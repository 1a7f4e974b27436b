// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { linesOf } from '../../operations/lines.ts';
import { defineOperation } from '../../operations/operation.ts';
import {
  commandLogOutput,
  commandLogPage,
  commandLogView,
  exportCommandLogInput,
  filterOf,
  listCommandLogInput,
  purgeCommandLogInput,
  purgedOutput,
} from './command-log.schema.ts';
import type { CommandLogStore } from './command-log.store.ts';

/** What the operations on the command log use. */
export interface CommandLogServices {
  readonly commandLog: CommandLogStore;
  /** Write down the refusals that are still being counted. */
  readonly writeRefused: () => Promise<void>;
}

const listCommandLog = defineOperation({
  name: 'command-log.list',
  summary: 'List the commands that changed something, and who was not let in, the newest first',
  http: { method: 'GET', path: '/v1/command-log' },
  access: 'tenant',
  scope: 'audit:read',
  audit: false,
  input: listCommandLogInput,
  output: commandLogPage,
  run: async ({ commandLog, writeRefused }: CommandLogServices, input, { reach }) => {
    await writeRefused();
    const { items, next } = await commandLog.list(reach, filterOf(input), input);
    return { items: items.map(commandLogView), next };
  },
});

const exportCommandLog = defineOperation({
  name: 'command-log.export',
  summary: 'Read the command log as lines of JSON, the oldest first',
  http: { method: 'GET', path: '/v1/command-log/export', lines: commandLogOutput },
  access: 'tenant',
  scope: 'audit:read',
  audit: false,
  input: exportCommandLogInput,
  output: linesOf(commandLogOutput),
  run: async ({ commandLog, writeRefused }: CommandLogServices, input, { reach }) => {
    await writeRefused();
    return views(commandLog.each(reach, filterOf(input)));
  },
});

const purgeCommandLog = defineOperation({
  name: 'command-log.purge',
  summary: 'Delete the lines of the command log that are older',
  http: { method: 'POST', path: '/v1/command-log/purge' },
  access: 'admin',
  // Written afterwards, so that the line stays that says what is gone.
  audit: true,
  input: purgeCommandLogInput,
  output: purgedOutput,
  run: async ({ commandLog }: CommandLogServices, { before }, { reach }) => ({
    deleted: await commandLog.purge(reach, Date.parse(before)),
  }),
});

/** Commands on the log of commands. */
export const commandLogOperations = [listCommandLog, exportCommandLog, purgeCommandLog] as const;

async function* views(rows: ReturnType<CommandLogStore['each']>): AsyncGenerator<ReturnType<typeof commandLogView>> {
  for await (const row of rows) yield commandLogView(row);
}

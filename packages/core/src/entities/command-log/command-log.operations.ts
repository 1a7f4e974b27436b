// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineOperation } from '../../operations/operation.ts';
import { commandLogPage, commandLogView, listCommandLogInput } from './command-log.schema.ts';
import type { CommandLogStore } from './command-log.store.ts';

/** What the operations on the command log use. */
export interface CommandLogServices {
  readonly commandLog: CommandLogStore;
}

const listCommandLog = defineOperation({
  name: 'command-log.list',
  summary: 'List the commands that changed something, the newest first',
  http: { method: 'GET', path: '/v1/command-log' },
  access: 'admin',
  audit: false,
  input: listCommandLogInput,
  output: commandLogPage,
  run: async ({ commandLog }: CommandLogServices, input, { reach }) => {
    const { items, next } = await commandLog.list(reach, input);
    return { items: items.map(commandLogView), next };
  },
});

/** Commands on the log of commands. */
export const commandLogOperations = [listCommandLog] as const;

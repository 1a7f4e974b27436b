// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Command } from 'commander';
import { applyCommand } from './apply/apply-command.ts';
import { backupCommand } from './backup-command.ts';
import { callCommand } from './call-command.ts';
import type { ServeContext } from './command-context.ts';
import { completionCommand } from './completion-command.ts';
import { doctorCommand } from './doctor/doctor-command.ts';
import { exportCommand } from './export-command.ts';
import { generateKeyCommand } from './generate-key-command.ts';
import { importCommand } from './import-command.ts';
import { importGenroCommand } from './import-genro-command.ts';
import { listCommand, statusCommand } from './instance-commands.ts';
import { statsCommand } from './live/stats-command.ts';
import { topCommand } from './live/top-command.ts';
import { logsCommand } from './logs-command.ts';
import { showMessageCommand } from './messages/show-command.ts';
import { watchMessagesCommand } from './messages/watch-command.ts';
import { migrateCommand } from './migrate-command.ts';
import { openApiCommand } from './openapi-command.ts';
import { restoreCommand } from './restore-command.ts';
import { rotateKeysCommand } from './rotate-keys-command.ts';
import { runNowCommand } from './run-now-command.ts';
import { sendCommand } from './send/send-command.ts';
import { serveCommand } from './serve-command.ts';
import { stopCommand } from './stop-command.ts';
import { suppressionsExportCommand } from './suppressions-export-command.ts';
import { suppressionsImportCommand } from './suppressions-import-command.ts';
import { tokenCommand } from './token-command.ts';
import { currentCommand, useCommand } from './use-command.ts';
import { verifyCommand } from './verify-command.ts';

type MakeCommand = (context: ServeContext) => Command;

/** Some commands under one heading of the help. */
export interface CommandGroup {
  readonly title: string;
  /** By their names. */
  readonly commands: Readonly<Record<string, MakeCommand>>;
}

/**
 * Commands that are none of an operation, in the order of the help. A new one is a line here, and a row of
 * `test/command-rows.case.ts`.
 */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    title: 'Servers on this machine:',
    commands: { serve: serveCommand, list: listCommand, status: statusCommand, stop: stopCommand, logs: logsCommand },
  },
  {
    title: 'Which server commands are about:',
    commands: { use: useCommand, current: currentCommand, token: tokenCommand },
  },
  {
    title: 'Mail:',
    commands: {
      send: sendCommand,
      stats: statsCommand,
      top: topCommand,
      'run-now': runNowCommand,
      verify: verifyCommand,
      doctor: doctorCommand,
    },
  },
  { title: 'Its set-up:', commands: { apply: applyCommand } },
  { title: 'Its database, while it runs:', commands: { backup: backupCommand } },
  {
    title: 'Its database, while no server runs:',
    commands: {
      restore: restoreCommand,
      migrate: migrateCommand,
      export: exportCommand,
      import: importCommand,
      'import-genro': importGenroCommand,
    },
  },
  { title: 'More:', commands: { call: callCommand, openapi: openApiCommand, completion: completionCommand } },
];

/**
 * Commands below a resource, by `resource.verb`: in the place of the operation of that name, where the command does more
 * than to make one call, or beside the operations.
 */
export const RESOURCE_COMMANDS: Readonly<Record<string, MakeCommand>> = {
  'messages.show': showMessageCommand,
  'messages.watch': watchMessagesCommand,
  'keys.generate': generateKeyCommand,
  'keys.rotate': rotateKeysCommand,
  'suppressions.import': suppressionsImportCommand,
  'suppressions.export': suppressionsExportCommand,
};

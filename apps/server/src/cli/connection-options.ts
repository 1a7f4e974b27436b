// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Command } from 'commander';

/** Add the options of every command that talks to the server; each adds `--json` itself. */
export function addConnectionOptions(command: Command): void {
  command.optionsGroup('Server and answer:');
  command.option('--url <url>', 'where the server is (GMP_URL, http://127.0.0.1:8000)');
  command.option('--data-dir <folder>', "the server's data folder, for its token (GMP_DATA_DIR, ./data)");
}

/** Add `--no-input`, and `--yes` where the command cannot be taken back. */
export function addAskOptions(command: Command, { isDestructive }: { readonly isDestructive: boolean }): void {
  if (isDestructive) command.option('--yes', 'do it without asking');
  command.option('--no-input', 'ask nothing: what is missing is an error');
}

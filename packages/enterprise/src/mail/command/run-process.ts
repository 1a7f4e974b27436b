// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CommandStreams } from './read-mails.ts';

/** Run the command that this process was started with; it answers the exit code. */
export async function runProcess(
  command: (args: readonly string[], streams: CommandStreams) => Promise<number>,
): Promise<void> {
  const { stdout, stderr, argv } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: Error & { code?: string }) => {
      // Who reads it has seen enough, as `head` has.
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.exitCode = await command(argv.slice(2), { stdout, stderr });
}

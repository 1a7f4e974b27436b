// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Environment } from '../env/environment.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Streams } from './streams.ts';

/** What a command uses of the process around it. */
export interface CommandContext {
  readonly env: Environment;
  readonly streams: Streams;
  /** Takes the exit code of the command that ran. */
  readonly finish: (code: ExitCode) => void;
}

/** What runs the server; given from outside, so that commands can be tried without one. */
export interface ServeContext extends CommandContext {
  readonly serve: (env: Environment, options: ServeRunOptions) => Promise<ExitCode>;
}

export interface ServeRunOptions {
  /** Log in lines of JSON at a terminal, too. */
  readonly json: boolean;
  /** Keep what is logged in this file, besides. @defaultValue none */
  readonly logFile?: string;
  /** What is written is for this user only. @defaultValue false */
  readonly isPrivate?: boolean;
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { EXIT_CODES } from '../exit-codes.ts';

const exitCodes = Object.entries(EXIT_CODES).map(([code, meaning]) => `  ${code.padEnd(4)} ${meaning}`);

/** Pages of the help that are about no single command: `mail-proxy help exit-codes`. */
export const HELP_TOPICS: Readonly<Record<string, string>> = {
  'exit-codes': `How commands end. Those with more to tell (send --wait, doctor, status) say so in their own help.

${exitCodes.join('\n')}
`,
  server: `Which server a command is about, the first of these that says:

  1  --url, --data-dir
  2  GMP_URL, GMP_DATA_DIR
  3  what was chosen with "mail-proxy use"
  4  the server of ./data, at the URL that it wrote down there, else http://127.0.0.1:8000

Its token: GMP_API_TOKEN, the file in GMP_API_TOKEN_FILE, that of the context, else the file "token" of the data folder.
A context's token is for its server alone: where a URL or a folder is named, it counts no more.
`,
  output: `Answers go to stdout, everything else to stderr. Tables and fields are for people; --json is for programs, and nothing
else is on stdout then. At a terminal, what is missing is asked for, and what cannot be taken back has to be confirmed;
--yes confirms, --no-input asks nothing. In a pipe, or with --json, nothing is ever asked.

Colours: at a terminal only. NO_COLOR turns them off, FORCE_COLOR on (https://no-color.org, https://force-color.org).
`,
};

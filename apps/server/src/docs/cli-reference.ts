// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import type { Command } from 'commander';
import { leavesOf } from '../cli/command-tree.ts';
import { HELP_TOPICS } from '../cli/help-topics.ts';
import { createProgram } from '../cli/program.ts';

/** Columns of the help pages in the document. */
const WIDTH = 110;

/** The page on the command line: every help page, and what is about no single command, as the program says it. */
export function cliReference(operations: readonly AnyOperation[]): string {
  const written = { text: '' };
  const write = (text: string | Uint8Array): void => {
    written.text += String(text);
  };
  const stdout = { columns: WIDTH, write };
  const stdin = (async function* () {
    // Nothing is read.
  })();
  const streams = { stdout, stderr: stdout, stdin };
  const program = createProgram({ env: {}, streams, finish: () => undefined, serve: async () => 0 }, operations);
  const pageOf = (command: Command): string => {
    written.text = '';
    command.outputHelp();
    return block(written.text);
  };
  const topics = Object.entries(HELP_TOPICS).map(([topic, text]) => `### help ${topic}\n\n${block(text)}`);
  const commands = leavesOf(program).map(({ words, command }) => `### ${words.join(' ')}\n\n${pageOf(command)}`);
  return `${INTRO}\n${pageOf(program)}\n## What is about all commands\n\n${topics.join('\n')}\n## Commands\n\n${commands.join('\n')}`;
}

function block(text: string): string {
  return `\`\`\`text\n${text.trim().replaceAll(/[ \t]+$/gm, '')}\n\`\`\`\n`;
}

const INTRO = `# Command line

What \`mail-proxy --help\`, \`mail-proxy help TOPIC\` and \`mail-proxy COMMAND --help\` print; made of the program by
\`npx -y pnpm@12 run generate\`, and a check fails when the two differ. Commands of mixins are there with the enterprise edition.
`;

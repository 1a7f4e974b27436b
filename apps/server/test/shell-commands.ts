// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Words of a command, with quotes and line ends behind a backslash taken away. Variables stay as they are written. */
export type ShellCommand = readonly string[];

const SEPARATORS = /^(\|\||&&|[|;\n])/;
const REDIRECTION = /^\d*(>>|>|<)\s*\S+/;

/** The commands of a script as the guides have them: no here-documents, and what stands in `$(...)` stays in its word. */
export function shellCommands(script: string): readonly ShellCommand[] {
  const commands: string[][] = [[]];
  let rest = script.replaceAll(/\\\n\s*/g, ' ');
  while (rest !== '') {
    const word = wordAt(rest);
    const skipped = /^([ \t]+|#[^\n]*)/.exec(rest)?.[0] ?? REDIRECTION.exec(rest)?.[0];
    const separator = SEPARATORS.exec(rest)?.[0];
    if (separator !== undefined) commands.push([]);
    else if (skipped === undefined) commands.at(-1)?.push(word.text);
    rest = rest.slice((separator ?? skipped)?.length ?? Math.max(1, word.length));
  }
  return commands.filter((words) => words.length > 0);
}

function wordAt(text: string): { readonly text: string; readonly length: number } {
  const parts = /^('[^']*'|"(?:[^"\\]|\\[\s\S])*"|\$\([^)]*\)|[^\s'"|;&<>]|&(?!&))+/.exec(text)?.[0] ?? '';
  const plain = parts.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g,
    (_, single: string | undefined, double: string | undefined) => single ?? (double ?? '').replaceAll(/\\(.)/g, '$1'),
  );
  return { text: plain, length: parts.length };
}

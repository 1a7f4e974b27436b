// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const guide = readFileSync(fileURLToPath(new URL('../../../../docs/guide/smtp-replies.md', import.meta.url)), 'utf8');

/** The lines between two comments of the guide; what stands there is compared with the code. */
export function section(name: string): string {
  const [, rest = ''] = guide.split(`<!-- ${name}: compared with the code -->\n`);
  const [lines = '', end] = rest.split('<!-- end -->');
  if (end === undefined) throw new Error(`the guide has no section ${name}`);
  return lines.trim();
}

/** The rows of a section's table without its heading, each as its cells. */
export function rowsOf(name: string): readonly (readonly string[])[] {
  return section(name)
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

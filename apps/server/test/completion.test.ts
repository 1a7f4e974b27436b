// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from './run-command.case.ts';

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) scripts[shell] = (await run(['completion', shell], {})).stdout;
});

/** What bash offers for the last of the words. */
function offered(...words: readonly string[]): readonly string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _mail_proxy; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', `${scripts['bash']}\n${ask}`], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

describe('bash completes', () => {
  test.each([
    ['commands', ['mail-proxy', 'comp'], ['completion']],
    ['verbs', ['mail-proxy', 'messages', 'res'], ['reschedule']],
    ['options of a verb', ['mail-proxy', 'accounts', 'create', '--tls-s'], ['--tls-servername']],
    ['options of a command', ['mail-proxy', 'serve', '--p'], ['--port']],
    ['the values of an option', ['mail-proxy', 'accounts', 'create', '--tls', 'st'], ['starttls']],
  ])('%s', (_, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

test.each(['zsh', 'fish'])('%s can read its script, which knows the same', (shell) => {
  const script = scripts[shell] ?? '';
  for (const known of ['tls-servername', 'starttls', 'reschedule', 'completion']) expect(script).toContain(known);
  using dir = tempDir();
  writeFileSync(dir.file('script'), script);
  const { error, status, stderr } = spawnSync(shell, ['-n', dir.file('script')], { encoding: 'utf8' });
  // Not every machine has both shells.
  if (error === undefined) expect([status, stderr]).toEqual([0, '']);
});

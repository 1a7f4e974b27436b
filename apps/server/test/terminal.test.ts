// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { VERSION } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../src/env/variables.ts';
import { KEY, openTerminal, runPiped } from './terminal.case.ts';

describe('the program', () => {
  test('at a terminal is read from the screen, and fits it', async () => {
    await using terminal = openTerminal(['serve', '--help'], { columns: 60, rows: 10 });
    expect(await terminal.exitCode).toBe(0);
    await terminal.waitFor(/^Usage: mail-proxy serve/);
    expect(terminal.text()).toContain('GMP_RETRY_MAX_AGE_SECONDS');
    expect(terminal.screen()).not.toContain('Usage:');
    expect(terminal.screen()).toContain(VARIABLES.at(-1)?.name);
    await expect(terminal.waitFor('no such words')).rejects.toThrow('the program ended without no such words');
  });

  test('at a terminal runs until Ctrl-C', async () => {
    using dir = tempDir();
    const env = { GMP_PORT: '0', GMP_DATA_DIR: dir.path };
    await using terminal = openTerminal(['serve'], { env });
    await terminal.waitFor(/listening on http:/);
    terminal.write(KEY.ctrlC);
    await terminal.waitFor('stopped');
    expect(await terminal.exitCode).toBe(0);
  });

  test('in a pipe reads and writes plain text', async () => {
    const run = await runPiped(['--version'], { stdin: 'not read' });
    expect(run).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });
});

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../mail/command/read-mails.ts';
import { mailFolder, outputOf } from '../../mail/command/run-command.case.ts';
import { RETURNED_MAILS } from '../reading/returned-mails.case.ts';
import { readBounces } from './read-bounces.ts';

const mailOf = (name: string) => RETURNED_MAILS.find(([each]) => each === name)?.[1] ?? '';

/** One bounce and one answering machine. */
const mails = (labels: readonly object[] = []) =>
  mailFolder({ 'exim.eml': mailOf('Exim'), 'away.eml': mailOf('an answering machine of RFC 3834') }, labels);

const run = (...args: readonly string[]) => outputOf((streams) => readBounces(args, streams));

const exim = {
  file: 'exim.eml',
  kind: 'bounce',
  is_bounce: true,
  recipients: ['ann@example.org'],
  status: ['5.1.1'],
  permanence: 'permanent',
  address_dead: true,
};
const away = { file: 'away.eml', kind: 'autoreply', is_bounce: false };

describe('the command', () => {
  it('prints a line of JSON for each mail, named by its folder', async () => {
    await using folder = await mails();
    const { code, stdout } = await run('read', folder.path, '--json');
    expect(code).toBe(EXIT.ok);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { file: join('mails', 'away.eml'), kind: 'autoreply', is_bounce: false, recipients: [], status: null },
      {
        file: join('mails', 'exim.eml'),
        is_bounce: true,
        recipients: ['ann@example.org'],
        status: '5.1.1',
        permanence: 'permanent',
        address_dead: true,
      },
    ]);
  });

  it('prints a table and a summary for people', async () => {
    await using folder = await mails();
    const { stdout } = await run('read', join(folder.path, 'exim.eml'));
    expect(stdout).toMatch(/exim\.eml +bounce +5\.1\.1 +user_unknown +permanent +dead +ann@example\.org/);
    expect(stdout).toContain('1 mails: 1 bounce');
  });

  it('scores where there are labels', async () => {
    await using folder = await mails([exim, away]);
    const { code, stdout } = await run('read', folder.path);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/bounces found +100\.0 % \(1 of 1\)/);
    expect(stdout).toMatch(/false alarms: ham.* 0\.0 % \(0 of 1\)/);
  });

  it('takes labels from elsewhere, says what was missed, and exits with 1', async () => {
    await using folder = await mails();
    const labels = join(folder.path, 'labels.jsonl');
    const wrong = { ...exim, recipients: ['bob@example.org'], status: ['5.2.2'], address_dead: false };
    await writeFile(
      labels,
      `${JSON.stringify(wrong)}\n${JSON.stringify({ ...away, is_bounce: true, kind: 'bounce' })}\n`,
    );
    const { code, stdout } = await run('read', folder.path, '--labels', labels, '--misses');
    expect(code).toBe(EXIT.missed);
    expect(stdout).toContain('away.eml: missed, read as autoreply');
    expect(stdout).toContain('recipients ann@example.org, are bob@example.org');
    expect(stdout).toContain('living address called dead');
  });

  it('passes by labels of other things, and mails that its index does not list', async () => {
    await using folder = await mails([exim, { file: 'x', type: 'receipt' }]);
    const { stdout } = await run('read', folder.path);
    expect(stdout).toContain('1 mails: 1 bounce');
  });

  it.each([
    [['read'], 'expected a file or a folder'],
    [['write', 'x'], 'expected the command read or replies, not write'],
    [['read', 'x', '--wrong'], '--wrong'],
  ])('tells wrong usage: %j', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain(message);
  });

  it('reads single replies, and scores them where they are labelled', async () => {
    await using folder = await mails();
    const file = join(folder.path, 'replies.jsonl');
    const lines = [
      { reply: '550 5.1.1 User unknown', address_dead: true },
      { reply: '552 5.2.2 Mailbox full', address_dead: false },
    ];
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code, stdout } = await run('replies', file);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/user_unknown +dead +550 5\.1\.1/);
    expect(stdout).toMatch(/is dead, and called so +100\.0 % \(1 of 1\)/);
  });

  it('tells a path that is not there', async () => {
    const { code, stderr } = await run('read', join(tmpdir(), 'there-is-no-such-folder'));
    expect(code).toBe(EXIT.noInput);
    expect(stderr).toContain('there-is-no-such-folder');
  });

  it('runs as a program', { timeout: 30_000 }, async () => {
    await using folder = await mails();
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=mail-proxy-source', main, 'read', folder.path, '--json']);
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(code).toBe(EXIT.ok);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });
});

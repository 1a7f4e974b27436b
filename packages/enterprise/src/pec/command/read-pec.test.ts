// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../mail/command/read-mails.ts';
import { mailFolder, outputOf } from '../../mail/command/run-command.case.ts';
import { plainMail, RECIPIENT, REFERENCE, receiptMail } from '../reading/pec-mails.case.ts';
import { readPec } from './read-pec.ts';

const DETAIL = '5.2.2 - GESTORE PEC S.p.A. - casella piena';
const FAILED = receiptMail({ tipo: 'errore-consegna', errore: 'altro', consegna: RECIPIENT, erroreEsteso: DETAIL });

/** One receipt and one parcel. */
const mails = (labels: readonly object[] = []) =>
  mailFolder(
    { 'failed.eml': FAILED, 'parcel.eml': plainMail({ From: 'a@example.org', Subject: 'CONSEGNA: pacco' }, 'domani') },
    labels,
  );

const run = (...args: readonly string[]) => outputOf((streams) => readPec(args, streams));

const failed = {
  file: 'failed.eml',
  is_receipt: true,
  daticert_tipo: 'errore-consegna',
  msgid: REFERENCE,
  consegna: RECIPIENT,
  destinatari: [RECIPIENT],
  errore: 'altro',
  errore_esteso: DETAIL,
};
const parcel = { file: 'parcel.eml', is_receipt: false };

describe('the command', () => {
  it('prints a line of JSON for each mail, named by its folder', async () => {
    await using folder = await mails();
    const { code, stdout } = await run('read', folder.path, '--json');
    expect(code).toBe(EXIT.ok);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        file: join('mails', 'failed.eml'),
        kind: 'receipt',
        is_receipt: true,
        why: null,
        receipt_type: 'errore-consegna',
        event: 'pec_error',
        is_final: true,
        reference: REFERENCE,
        recipient: RECIPIENT,
        recipients: [RECIPIENT],
        error: 'altro',
        error_detail: DETAIL,
        status: '5.2.2',
        reason_class: 'mailbox_full',
        reason: `not delivered: ${DETAIL}`,
        identifier: 'gest11.20251007090501.00042.1@pec.gestore.example',
        provider: 'GESTORE PEC S.p.A.',
        at: '2025-10-07T07:05:01.000Z',
        form: null,
        verified: false,
        unverified_reason: 'no_trust_anchors',
        ms: expect.any(Number),
      },
      expect.objectContaining({ file: join('mails', 'parcel.eml'), kind: 'other', is_receipt: false, verified: null }),
    ]);
  });

  it('prints a table and a summary for people', async () => {
    await using folder = await mails();
    const { stdout } = await run('read', join(folder.path, 'failed.eml'));
    expect(stdout).toMatch(
      /failed\.eml +errore-consegna +no_trust_anchors +<\S+> +studio@\S+ +mailbox_full +2025-10-07T/,
    );
    expect(stdout).toContain('1 mails: 1 errore-consegna');
  });

  it('scores where there are labels', async () => {
    await using folder = await mails([failed, parcel]);
    const { code, stdout } = await run('read', folder.path);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/receipts found +100\.0 % \(1 of 1\)/);
    expect(stdout).toMatch(/false receipts +0\.0 % \(0 of 1\)/);
    expect(stdout).toMatch(/reason right +100\.0 % \(1 of 1\)/);
  });

  it('takes labels from elsewhere, says what was missed, and exits with 1', async () => {
    await using folder = await mails();
    const labels = join(folder.path, 'labels.jsonl');
    const wrong = { ...failed, msgid: '<another@x>', consegna: 'another@x.example', errore: 'no-dest' };
    await writeFile(labels, `${JSON.stringify(wrong)}\n${JSON.stringify({ ...parcel, is_receipt: true })}\n`);
    const { code, stdout } = await run('read', folder.path, '--labels', labels, '--misses');
    expect(code).toBe(EXIT.missed);
    expect(stdout).toContain('parcel.eml: missed, read as other');
    expect(stdout).toContain(`reference ${REFERENCE}, is <another@x>`);
    expect(stdout).toContain(`recipient ${RECIPIENT}, is another@x.example`);
    expect(stdout).toContain(`reason altro: ${DETAIL}, is no-dest: ${DETAIL}`);
  });

  it('says which trust anchors are none', async () => {
    await using folder = await mails();
    const { code, stderr } = await run('read', folder.path, '--trust-anchors', join(folder.path, 'README.md'));
    expect(code).toBe(EXIT.noInput);
    expect(stderr).toContain('README.md: trust anchors');
  });

  it.each([
    [['read'], 'expected a file or a folder'],
    [['write', 'x'], 'expected the command read, not write'],
    [['read', 'x', '--wrong'], '--wrong'],
  ])('tells wrong usage: %j', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain(message);
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

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPec } from '../src/pec/command/read-pec.ts';
import { readPecMail } from '../src/pec/reading/read-pec-mail.ts';
import { RECEIPT_TYPES } from '../src/pec/reading/receipt.types.ts';
import { createPecProvider } from './pec-provider.case.ts';

const ANNA = 'anna@pec.example.org';
const BRUNO = 'bruno@pec.example.org';
const REFERENCE = '<order-7@proxy.example>';
const AT = Date.UTC(2026, 4, 6, 7, 8, 9);

const provider = createPecProvider({ domain: 'pec.provider.example' });
const about = { reference: REFERENCE, recipients: [ANNA, BRUNO, { external: 'carlo@example.org' }], at: AT } as const;

describe('what a provider signs', () => {
  it.each(RECEIPT_TYPES)('%s is read', async (type) => {
    const isAboutOne = !['accettazione', 'non-accettazione', 'presa-in-carico'].includes(type);
    const raw = provider.receipt({ ...about, type, ...(isAboutOne && { recipient: BRUNO }) });
    expect(await readPecMail(raw)).toMatchObject({
      kind: 'receipt',
      receipt: {
        type,
        reference: REFERENCE,
        isReferenceSigned: true,
        recipients: [
          { address: ANNA, kind: 'certified' },
          { address: BRUNO, kind: 'certified' },
          { address: 'carlo@example.org', kind: 'external' },
        ],
        recipient: isAboutOne ? BRUNO : null,
        at: AT,
        from: provider.address,
      },
    });
  });

  it('mail of others is no receipt', async () => {
    expect(await readPecMail(provider.transport(about))).toEqual({ kind: 'transport' });
    expect(await readPecMail(provider.anomaly(about))).toEqual({ kind: 'anomaly' });
  });

  it('a receipt that somebody sent as certified mail is none', async () => {
    const forged = createPecProvider({ domain: 'evil.example' }).receipt({ ...about, type: 'avvenuta-consegna' });
    const headers = { 'X-Ricevuta': 'avvenuta-consegna' };
    // A provider takes a boundary that the mail does not have.
    const original = forged.toString().replaceAll('----B94F', '----B95F').replaceAll('=_', '=_own');
    const raw = provider.transport({ ...about, original, headers });
    expect(await readPecMail(raw)).toEqual({ kind: 'forged', why: 'headers_differ' });
  });
});

describe('the command, with trust anchors', () => {
  it('says of each receipt whether it is verified, and why not', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'pec-'));
    const receipt = { ...about, type: 'avvenuta-consegna', recipient: ANNA } as const;
    const stranger = createPecProvider({ domain: 'pec.provider.example' });
    const mails = {
      'altered.eml': provider.receipt({
        ...receipt,
        tamper: (mail) => mail.replace('elaborato', 'rifiutato'),
      }),
      'good.eml': provider.receipt(receipt),
      'stranger.eml': stranger.receipt(receipt),
      'unsigned-reference.eml': provider.receipt({ ...receipt, hasMsgid: false }),
    };
    for (const [name, raw] of Object.entries(mails)) await writeFile(join(folder.path, name), raw);
    const anchors = join(folder.path, 'anchors.json');
    await writeFile(anchors, provider.ca);
    let stdout = '';
    const streams = {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: () => true },
    };
    expect(await readPec(['read', folder.path, '--json', '--trust-anchors', anchors], streams)).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ verified, unverified_reason }) => [verified, unverified_reason])).toEqual([
      [false, 'altered'],
      [true, null],
      [false, 'untrusted'],
      [false, 'reference_not_signed'],
    ]);
  });
});

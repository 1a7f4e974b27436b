// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdirSync, writeFileSync } from 'node:fs';
import { eventually, type SinkMessage, startReportReceiver, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { isEnterprise, openGenro } from './genro-world.case.ts';

const missing = (await isEnterprise()) ? null : 'the enterprise package is not installed';
const LARGE = Buffer.alloc(2 * 1_048_576, 7);
const SMALL = Buffer.from('small');

const textOf = (message: SinkMessage | undefined): string => message?.raw.toString() ?? '';

test.skipIf(missing !== null)(
  `large files stay, are refused or become links, as the tenant says${missing === null ? '' : ` (skipped: ${missing})`}`,
  async () => {
    using dir = tempDir();
    mkdirSync(dir.file('files'));
    const config = dir.file('config.json');
    writeFileSync(config, JSON.stringify({ mixins: { storages: { fileRoots: [dir.file('files')] } } }));
    await using world = await openGenro({ GMP_CONFIG_FILE: config });
    await using sink = await startSmtpSink();
    await using files = await startReportReceiver({
      answer: (_body, _n, { path }) => ({ raw: path.startsWith('/large') ? LARGE : SMALL }),
    });
    await world.tenant('acme', [sink]);
    const configured = async (large_file_config: object) => {
      expect((await world.put('/tenant/acme', { large_file_config })).status).toBe(200);
      const { json } = await world.get('/tenant/acme');
      expect(json.large_file_config).toMatchObject(large_file_config);
    };
    const attachments = [
      { filename: 'large-file.bin', storage_path: `${files.url}/large`, fetch_mode: 'http_url' },
      { filename: 'small.txt', storage_path: `base64:${SMALL.toString('base64')}`, fetch_mode: 'base64' },
    ];

    await configured({ enabled: true, max_size_mb: 2.5, action: 'reject' });
    await world.add('acme', [{ id: 'below', attachments }]);
    const [below] = await sink.waitFor(1);
    expect(textOf(below)).toMatch(/filename="?large-file.bin/);

    await configured({ enabled: true, max_size_mb: 1.0, action: 'warn' });
    await world.add('acme', [{ id: 'warned', attachments }]);
    await sink.waitFor(2);

    await configured({ enabled: true, max_size_mb: 1, action: 'reject' });
    await world.add('acme', [{ id: 'refused', attachments }]);
    await eventually(async () => expect(await world.states('acme')).toMatchObject({ refused: 'error' }));
    expect((await world.records('acme'))['refused'].error).toMatch(/large|size|limit/);

    await configured({
      ...{ enabled: true, max_size_mb: 1.0, action: 'rewrite', file_ttl_days: 14 },
      ...{ storage_url: `file://${dir.file('files')}`, public_base_url: world.url },
    });
    await world.add('acme', [
      { id: 'linked', attachments },
      {
        id: 'inline',
        attachments: [{ filename: 'large-file.bin', storage_path: `base64:${LARGE.toString('base64')}` }],
      },
    ]);
    const sent = await sink.waitFor(4);
    const linked = textOf(sent.find((each) => textOf(each).includes('X-Genro-Mail-ID: linked')));
    expect(linked).toContain('large-file.bin');
    expect(linked).toMatch(/download/);
    expect(linked).toMatch(/filename="?small.txt/);
    expect(linked.length).toBeLessThan(10_000);

    await world.put('/tenant/acme', { large_file_config: { enabled: false, some_new_field: 1 } });
    expect((await world.get('/tenant/acme')).json.large_file_config).toMatchObject({ enabled: false });
    // Other fields leave it as it is.
    await world.put('/tenant/acme', { name: 'Acme' });
    expect((await world.get('/tenant/acme')).json.large_file_config).toMatchObject({ enabled: false });
  },
);

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawnServer, startReportReceiver, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { S3_ACCESS_KEY, S3_SECRET_KEY, startS3 } from '../src/object-storage/s3-server.case.ts';
import { linksIn, MB } from './large-attachments-world.case.ts';

const TOKEN = 'test-api-token';
const LARGE = Buffer.alloc(2 * MB, 'large');
const SMALL = Buffer.from('small');

test('a client of genro-mail-proxy has its large files in a bucket, with keys from the environment', async () => {
  using dir = tempDir();
  await using bucket = await startS3('mail-attachments');
  await using sink = await startSmtpSink();
  await using files = await startReportReceiver({ answer: () => ({ raw: LARGE }) });
  await using server = await spawnServer({
    env: {
      ...{ GMP_COMPAT: 'genro', GMP_API_TOKEN: TOKEN, GMP_DATA_DIR: dir.path, GMP_PORT: '0' },
      GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'true',
      AWS_ENDPOINT_URL: bucket.endpoint,
      AWS_ACCESS_KEY_ID: S3_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: S3_SECRET_KEY,
      AWS_REGION: 'us-east-1',
    },
  });
  const call = async (method: string, path: string, json?: object): Promise<void> => {
    const headers = { 'X-API-Token': TOKEN, 'Content-Type': 'application/json' };
    const answer = await fetch(server.url + path, { method, headers, ...(json && { body: JSON.stringify(json) }) });
    expect([path, answer.status]).toEqual([path, 200]);
  };
  await call('POST', '/tenant', { id: 'acme', name: 'Acme' });
  await call('PUT', '/tenant/acme', {
    large_file_config: {
      ...{ enabled: true, max_size_mb: 1.0, action: 'rewrite', file_ttl_days: 30 },
      storage_url: 's3://mail-attachments/large-files',
    },
  });
  await call('POST', '/account', { id: 'a', tenant_id: 'acme', host: '127.0.0.1', port: sink.port, use_tls: false });
  await call('POST', '/commands/add-messages', {
    messages: [
      {
        ...{ id: 'm1', account_id: 'a', from: 'a@acme.example', to: ['b@example.org'], subject: 'Files', body: 'Hi.' },
        attachments: [
          { filename: 'large-file.bin', storage_path: `${files.url}/large`, fetch_mode: 'http_url' },
          { filename: 'small.txt', storage_path: `base64:${SMALL.toString('base64')}`, fetch_mode: 'base64' },
        ],
      },
    ],
  });
  await call('POST', '/commands/run-now');
  const [sent] = await sink.waitFor(1);
  const mail = await PostalMime.parse(sent?.raw ?? '');
  expect(mail.attachments.map(({ filename }) => filename)).toEqual(['small.txt']);
  expect(mail.text).toContain('large-file.bin');
  const [link = ''] = linksIn(mail.text);
  expect(link).toContain(`${bucket.endpoint}/mail-attachments/large-files/acme/`);
  const download = await fetch(link);
  expect([download.status, Buffer.from(await download.arrayBuffer()).equals(LARGE)]).toEqual([200, true]);
});

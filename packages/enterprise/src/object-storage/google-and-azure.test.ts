// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { openAzure } from './open-azure.ts';
import { openGcs } from './open-gcs.ts';

// What they do over the network is not tried here: there is no such server for this machine. What they sign is.

const ABOUT = { expiresInSeconds: 60, filename: 'a.pdf', mimeType: 'application/pdf' };
const KEY = Buffer.from('the key of the account').toString('base64');

afterEach(() => vi.unstubAllEnvs());

test('a URL of Google Cloud Storage is signed with the key that was given', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const credentials = {
    clientEmail: 'mail@project.iam.gserviceaccount.com',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', "/nowhere/the-operator's.json");
  const { store } = await openGcs({ bucket: 'files', prefix: 'large', project: '', credentials });
  const url = new URL((await store.presign('k/ü', ABOUT)) ?? '');
  expect(url.origin + url.pathname).toBe('https://storage.googleapis.com/files/large/k/%C3%BC');
  expect(url.searchParams.get('X-Goog-Credential')).toMatch(/^mail@project\.iam\.gserviceaccount\.com\//);
  expect(url.searchParams.get('X-Goog-Expires')).toBe('60');
  expect(url.searchParams.get('response-content-disposition')).toBe('attachment; filename="a.pdf"');
});

test('a URL of Azure is signed with the account that was given, whatever the environment has', async () => {
  const operators = `DefaultEndpointsProtocol=https;AccountName=operators;AccountKey=${KEY};EndpointSuffix=core.windows.net`;
  vi.stubEnv('AZURE_STORAGE_CONNECTION_STRING', operators);
  const account = { name: 'acmefiles', key: KEY, endpointSuffix: 'core.windows.net' };
  const { store } = await openAzure({ container: 'files', prefix: 'large', account });
  const url = new URL((await store.presign('k/a b', ABOUT)) ?? '');
  expect(url.origin).toBe('https://acmefiles.blob.core.windows.net');
  expect(decodeURIComponent(url.pathname)).toBe('/files/large/k/a b');
  expect(url.searchParams.get('sp')).toBe('r');
  expect(url.searchParams.get('rscd')).toBe('attachment; filename="a.pdf"');
  const instance = await openAzure({ container: 'files', prefix: '' });
  expect(new URL((await instance.store.presign('a', ABOUT)) ?? '').host).toBe('operators.blob.core.windows.net');
});

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createMailEngine } from '@mail-proxy/core';
import { describe, expect, test, vi } from 'vitest';
import { putText, textOf } from '../src/object-storage/object-store.case.ts';
import { S3_ACCESS_KEY, S3_SECRET_KEY } from '../src/object-storage/s3-server.case.ts';
import { storages } from '../src/storages/storages.mixin.ts';
import { onSqlite } from './bounce-world.case.ts';
import { storagesConformance } from './storages.case.ts';
import { openStoragesWorld, type StoragesWorld } from './storages-world.case.ts';

storagesConformance('SQLite', onSqlite, '');

async function problemsOf(world: StoragesWorld, protocol: string, config: object): Promise<readonly string[]> {
  const input = { tenant_id: 'acme', name: 'x', protocol, config };
  const error: unknown = await world.engine.execute('storages.create', input).then(
    () => null,
    (failure) => failure,
  );
  const { problems = [] }: { problems?: readonly { pointer: string; message: string }[] } = Object(error);
  expect(JSON.stringify(problems)).not.toContain('s3cret');
  return problems.map(({ pointer, message }) => `${pointer}: ${message}`);
}

const PEM = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
const GCS = { bucket: 'files', client_email: 'mail@project.iam.gserviceaccount.com', private_key: PEM };
const AZURE = { container: 'files', account_name: 'acmefiles', account_key: 'c2VjcmV0' };

describe('a configuration', () => {
  test('that is right is taken, nobody is asked, and it is never shown', async () => {
    await using world = await openStoragesWorld();
    const connection_string =
      'DefaultEndpointsProtocol=https;AccountName=acmefiles;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net';
    for (const [name, protocol, config] of [
      ['s3', 's3', world.s3()],
      ['amazon', 's3', { ...world.s3(), endpoint_url: undefined, region: 'eu-south-1', path_style: true }],
      ['gcs', 'gcs', { ...GCS, prefix: '/a/', project: 'mail' }],
      ['azure', 'azure', AZURE],
      ['azure2', 'azure', { container: 'files', connection_string }],
    ] as const) {
      const shown = await world.run('storages.create', { tenant_id: 'acme', name, protocol, config });
      expect(shown).toMatchObject({ protocol, has_config: true });
      expect(JSON.stringify(shown)).not.toMatch(/c2VjcmV0|AAAA|S3RVER/);
    }
    expect(world.server.requests).toEqual([]);
  });

  test('that is not names its fields, and quotes no secret', async () => {
    await using world = await openStoragesWorld();
    const of = (protocol: string, config: object) => problemsOf(world, protocol, config);
    expect(await of('s3', {})).toEqual([
      '/config/bucket: required',
      '/config/aws_access_key_id: required',
      '/config/aws_secret_access_key: required',
    ]);
    for (const [change, pointer] of [
      [{ bucket: 'a/../b' }, '/config/bucket'],
      [{ bucket: 'evil.example/#' }, '/config/bucket'],
      [{ region: 'x.evil.example/#' }, '/config/region'],
      [{ endpoint_url: 'ftp://files.example' }, '/config/endpoint_url'],
      [{ endpoint_url: 'https://files.example/bucket' }, '/config/endpoint_url'],
      [{ endpoint_url: 'https://user:s3cret@files.example' }, '/config/endpoint_url'],
      [{ prefix: 'a/../b' }, '/config/prefix'],
      [{ aws_secret_access_key: 's3cret\r\nX: y' }, '/config/aws_secret_access_key'],
      [{ client_kwargs: { verify: false } }, '/config/client_kwargs'],
    ] as const) {
      expect(
        (await of('s3', world.s3(change))).map((problem) => problem.split(': ')[0]),
        pointer,
      ).toEqual([pointer]);
    }
    for (const more of ['token_uri', 'type', 'credential_source', 'universe_domain', 'token', 'keyFilename']) {
      expect(await of('gcs', { ...GCS, [more]: 'https://evil.example/s3cret' })).toEqual([
        `/config/${more}: unknown field`,
      ]);
    }
    expect(await of('gcs', { ...GCS, private_key: 's3cret' })).toEqual(['/config/private_key: expected a key in PEM']);
    for (const [change, pointer] of [
      [{ account_name: 'evil.example/' }, '/config/account_name'],
      [{ account_key: undefined }, '/config/account_name'],
      [{ connection_string: 'AccountName=acmefiles;AccountKey=c2VjcmV0' }, '/config/account_name'],
      [{ endpoint: 'https://evil.example' }, '/config/endpoint'],
    ] as const) {
      expect((await of('azure', { ...AZURE, ...change })).map((problem) => problem.split(': ')[0])).toEqual([pointer]);
    }
    for (const connection_string of [
      's3cret',
      'AccountName=acmefiles;AccountKey=s3cret;BlobEndpoint=https://evil.example',
      'AccountName=acmefiles;AccountKey=s3cret;EndpointSuffix=evil.example',
      'DefaultEndpointsProtocol=http;AccountName=acmefiles;AccountKey=s3cret',
      'UseDevelopmentStorage=true',
      'BlobEndpoint=https://x.blob.core.windows.net;SharedAccessSignature=s3cret',
    ]) {
      expect(await of('azure', { container: 'files', connection_string })).toEqual([
        expect.stringMatching(/^\/config\/connection_string: expected AccountName/),
      ]);
    }
  });
});

describe('a URL of a storage', () => {
  test('with the credentials of the instance', async () => {
    await using world = await openStoragesWorld();
    expect(world.stores.check('az://acme/large', 'acme')).toMatch(/AZURE_STORAGE_CONNECTION_STRING/);
    vi.stubEnv('AWS_ENDPOINT_URL', world.server.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', S3_ACCESS_KEY);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', S3_SECRET_KEY);
    try {
      expect(world.stores.check('s3://acme/large', 'other')).toBeNull();
      // Whatever hosts the tenant may have called: the operator named this one.
      const store = await world.stores.open('s3://acme/large/', 'other');
      await putText(store, 'a', 'content');
      expect(world.server.requests).toContain('PUT /acme/large/a?x-id=PutObject');
      expect(
        (await fetch((await store.presign('a', { expiresInSeconds: 60, filename: 'a', mimeType: 'text/plain' })) ?? ''))
          .status,
      ).toBe(200);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('of a tenant never falls back to what the instance has', async () => {
    await using world = await openStoragesWorld();
    vi.stubEnv('AWS_ENDPOINT_URL', world.server.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', S3_ACCESS_KEY);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', S3_SECRET_KEY);
    try {
      const config = { ...world.s3({ aws_access_key_id: 'NOBODY', region: 'xx-nowhere-1' }), endpoint_url: undefined };
      await world.run('storages.create', { tenant_id: 'acme', name: 'bucket', protocol: 's3', config });
      const url = await (await world.stores.open('bucket:p', 'acme')).presign('a', {
        ...{ expiresInSeconds: 60, filename: 'a', mimeType: 'text/plain' },
      });
      expect(url).toMatch(/^https:\/\/acme\.s3\.xx-nowhere-1\.amazonaws\.com\/invoices\/p\/a\?/);
      expect(new URL(url ?? '').searchParams.get('X-Amz-Credential')).toMatch(/^NOBODY\//);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('in a folder of the tenant', async () => {
    await using world = await openStoragesWorld();
    mkdirSync(world.files.file('acme'));
    mkdirSync(world.files.file('other'));
    const url = `file://${world.files.file('acme', 'large files')}`.replaceAll(' ', '%20');
    expect(world.stores.check(url, 'acme')).toBeNull();
    const store = await world.stores.open(url, 'acme');
    await putText(store, 'a/b', 'content');
    expect(await textOf(store, 'a/b')).toBe('content');
    expect(readFileSync(world.files.file('acme', 'large files', 'a', 'b'), 'utf8')).toBe('content');
    expect(world.stores.check(url, 'other')).toBe("expected a path below one of the tenant's folders");
    await expect(world.stores.open(url, 'other')).rejects.toMatchObject({ code: 'misconfigured' });
    for (const elsewhere of [
      'file:///etc',
      `file://${world.files.path}`,
      `${url}/../../other`,
      `${url}/%2e%2e/%2e%2e/other`,
    ]) {
      expect(world.stores.check(elsewhere, 'acme'), elsewhere).not.toBeNull();
    }
    expect(existsSync(world.files.file('other', 'a'))).toBe(false);
  });

  test('is opened in a storage of objects only', async () => {
    await using world = await openStoragesWorld();
    await expect(world.stores.open('none:prefix', 'acme')).rejects.toMatchObject({
      ...{ code: 'not_found', reason: 'the tenant has no storage none' },
    });
  });
});

test.each([[{ fileRoots: ['relative'] }], [{ fileRoots: '/x' }], [{ roots: [] }], [{ fileRoots: ['/a/../b'] }]])(
  'settings that are none stop the engine: %j',
  async (config) => {
    const opening = createMailEngine({
      config: { database: ':memory:' },
      mixins: [storages],
      mixinConfig: { storages: config },
    });
    await expect(opening).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(/^storages: /),
    });
  },
);

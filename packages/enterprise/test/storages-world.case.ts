// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, defineMixin, type MailEngine } from '@mail-proxy/core';
import { type SmtpSink, startSmtpSink, type TempDir, tempDir } from '@mail-proxy/testkit';
import type { ObjectStores } from '../src/object-storage/object-store.types.ts';
import { objectStoresOf } from '../src/object-storage/object-stores-of.ts';
import { S3_ACCESS_KEY, S3_SECRET_KEY, type S3Server, startS3 } from '../src/object-storage/s3-server.case.ts';
import { storages } from '../src/storages/storages.mixin.ts';
import { type Made, onSqlite } from './bounce-world.case.ts';

/** An engine with storages, a relay, an S3 server with a bucket for each of the tenants `acme` and `other`. */
export interface StoragesWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly sink: SmtpSink;
  readonly server: S3Server;
  /** What later mixins are given. */
  readonly stores: ObjectStores;
  /** The folder of the operator, with one for each tenant in it. */
  readonly files: TempDir;
  /** The configuration of a storage on the server. */
  s3(change?: object): Record<string, unknown>;
  run<Output>(operation: string, input: object): Promise<Output>;
}

export async function openStoragesWorld(make: Made = onSqlite): Promise<StoragesWorld> {
  const { database, drop } = await make();
  const [sink, server, files] = [await startSmtpSink(), await startS3('acme', 'other'), tempDir()];
  const given: { stores?: ObjectStores | null } = {};
  const later = defineMixin({
    ...{ id: 'later', contract: 1 },
    setup(context) {
      given.stores = objectStoresOf(context);
      return {};
    },
  });
  const engine = await createMailEngine({
    config: { database, encryptionKey: Buffer.alloc(32, 7).toString('base64'), delivery: { ehloName: 'proxy.test' } },
    mixins: [storages, later],
    mixinConfig: { storages: { fileRoots: [files.file('{tenant}')] } },
  });
  for (const id of ['acme', 'other']) {
    await engine.execute('tenants.create', { id });
    await engine.execute('accounts.create', {
      id: 'relay',
      tenant_id: id,
      host: '127.0.0.1',
      port: sink.port,
      tls: 'none',
    });
  }
  await engine.execute('tenants.update', { tenant_id: 'acme', allowed_hosts: ['127.0.0.1'] });
  await engine.start();
  if (!given.stores) throw new Error('the mixin hands out no stores');
  return {
    ...{ engine, sink, server, files, stores: given.stores },
    s3: (change) => ({
      ...{ bucket: 'acme', prefix: 'invoices', endpoint_url: server.endpoint },
      ...{ aws_access_key_id: S3_ACCESS_KEY, aws_secret_access_key: S3_SECRET_KEY },
      ...change,
    }),
    // As the operation's own schema says.
    run: async <Output>(operation: string, input: object) => (await engine.execute(operation, input)) as Output,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await sink.close();
      await server[Symbol.asyncDispose]();
      files[Symbol.dispose]();
      await drop();
    },
  };
}

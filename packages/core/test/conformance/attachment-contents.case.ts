// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { draftedFile } from '../../src/entities/message/drafted-file.case.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { CHUNK_BYTES } from '../../src/queue/attachment-chunks.ts';
import { type ContentSource, createAttachmentContents } from '../../src/queue/attachment-contents.ts';
import { prepareLoadAttachments } from '../../src/queue/load-attachments.ts';
import { createWorld, type OpenStore, type World } from './store-world.case.ts';

export function attachmentContentsConformance(open: OpenStore): void {
  describe('the bytes of attachments', () => {
    test.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 57])(
      '%i of them come back as they were',
      async (size) => {
        await using world = await createWorld(open);
        const contents = createAttachmentContents(world.database);
        const bytes = randomBytes(size);
        const name = await contents.store(world.tenantId, inPieces(bytes, 10_007), world.clock.now());
        expect(name).toBe(hash('sha256', bytes));
        expect(await read(contents.read({ tenantId: world.tenantId, hash: name }))).toEqual(bytes);
        expect(await contents.sizeOf({ tenantId: world.tenantId, hash: name })).toBe(size);
      },
    );

    test('are stored once in a tenant, whoever brings them, and apart in each', async () => {
      await using world = await createWorld(open);
      await world.addTenant('other');
      const account_pk = await world.addAccount('other', 'main');
      const bytes = randomBytes(2 * CHUNK_BYTES);
      const file = draftedFile('a.bin', bytes);
      const contents = createAttachmentContents(world.database);
      await contents.store(world.tenantId, inPieces(bytes, 65_536), world.clock.now());
      const pks = await Promise.all([
        world.accept({ attachments: [file, { ...file, filename: 'same.bin' }] }),
        world.accept({ attachments: [file] }),
        world.accept({ tenant_id: 'other', account_pk, attachments: [file] }),
      ]);
      expect(await count(world.database, 'attachment_contents')).toBe(2);
      expect(await count(world.database, 'attachment_chunks')).toBe(4);
      for (const pk of pks) {
        for (const loaded of (await prepareLoadAttachments(world.database)(pk)).attachments) {
          expect(await bytesOf(loaded.bytes)).toEqual(bytes);
        }
      }
    });

    test('that are not as many as was said are not stored', async () => {
      await using world = await createWorld(open);
      const contents = createAttachmentContents(world.database);
      const source = { ...inPieces(randomBytes(10), 4), sizeBytes: 11 };
      await expect(contents.store(world.tenantId, source, 1)).rejects.toThrow('had 10');
      expect(await contents.sizeOf({ tenantId: world.tenantId, hash: source.sha256 })).toBeNull();
      expect(await contents.want({ tenantId: world.tenantId, hash: source.sha256 }, 1)).toBeNull();
    });

    test('are forgotten once no message has them and nobody has wanted them for long', async () => {
      await using world = await createWorld(open);
      const contents = createAttachmentContents(world.database);
      const [kept, wanted, forgotten] = [randomBytes(10), randomBytes(10), randomBytes(CHUNK_BYTES + 1)];
      await world.accept({ attachments: [draftedFile('kept', kept)] });
      const name = await contents.store(world.tenantId, inPieces(wanted, 5), world.clock.now());
      await contents.store(world.tenantId, inPieces(forgotten, 65_536), world.clock.now());
      await world.clock.advance(1_000);
      expect(await contents.want({ tenantId: world.tenantId, hash: name }, world.clock.now())).toBe(10);
      expect(await contents.forget(world.clock.now(), 10)).toBe(1);
      expect(await count(world.database, 'attachment_contents')).toBe(2);
      expect(await count(world.database, 'attachment_chunks')).toBe(2);
      expect(await contents.forget(world.clock.now() + 1, 10)).toBe(1);
    });

    test('are never forgotten while they are given to a message', async () => {
      await using world = await createWorld(open);
      const other = await world.connect();
      const contents = createAttachmentContents(other);
      const bytes = randomBytes(1_000);
      for (let round = 0; round < 20; round++) {
        await contents.store(world.tenantId, inPieces(bytes, 500), world.clock.now());
        await world.clock.advance(1_000);
        const [pk] = await Promise.all([
          world.accept({ attachments: [draftedFile('a', bytes)] }),
          contents.forget(world.clock.now() - 1, 10),
        ]);
        const [loaded] = (await prepareLoadAttachments(world.database)(pk)).attachments;
        expect(await bytesOf(loaded?.bytes)).toEqual(bytes);
        await remove(world, pk);
      }
    });
  });
}

function inPieces(bytes: Buffer, size: number): ContentSource {
  return {
    sizeBytes: bytes.byteLength,
    sha256: hash('sha256', bytes),
    async *read() {
      for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
    },
  };
}

async function read(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

type Loaded = Awaited<ReturnType<ReturnType<typeof prepareLoadAttachments>>>['attachments'][number];

async function bytesOf(bytes: Loaded['bytes'] | undefined): Promise<Buffer | null> {
  if (bytes === undefined) return null;
  return bytes instanceof Uint8Array ? Buffer.from(bytes) : read(bytes.read());
}

async function count(database: Database<CoreSchema>, table: 'attachment_contents' | 'attachment_chunks') {
  const counting = database.prepare<object, { n: number }>((k) =>
    k.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('n')),
  );
  return Number((await database.read(counting.bind({})))[0]?.n);
}

async function remove({ database }: World, pk: string): Promise<void> {
  const statement = database.prepare<{ pk: string }>((k, p) => ({
    compile: () => sql`delete from ${sql.table('messages')} where pk = ${p.pk}`.compile(k),
  }));
  await database.write([statement.bind({ pk })]);
}

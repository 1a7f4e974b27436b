// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Caller, tenantPrincipal } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { KEPT_LINK_DAYS } from '../src/large-attachments/cleaning/clean-up.ts';
import { StorageFailure } from '../src/object-storage/storage-failure.ts';
import type { Made } from './bounce-world.case.ts';
import { DAY, HOUR, type Linked, openLinksWorld, type Shown } from './large-links-world.case.ts';

const HTML = { headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' } };

/** What links do, on one kind of database. */
export function largeLinks(kind: string, make: Made, skip: string | undefined): void {
  const suite = (name: string, run: () => Promise<void>): void =>
    void test(`${name} (${kind})`, async (context) => {
      if (skip !== undefined && skip !== '') context.skip(skip);
      await run();
    });

  suite('a link gives the file as it was, to be saved under its name', async () => {
    await using world = await openLinksWorld(make);
    const { url, id } = await world.link('m1', { content: 'the plan', filename: 'Piano "é"\\ (1).pdf' });
    const answer = await world.ask(url);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': '8',
      'content-disposition': `attachment; filename="Piano ____ (1).pdf"; filename*=UTF-8''Piano%20%22%C3%A9%22%5C%20%281%29.pdf`,
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(await answer.text()).toBe('the plan');
    expect(await world.show(id)).toMatchObject({ downloads: 1, state: 'live', kind: 'own' });
  });

  suite('downloads are counted to their end, and the first is told in the history and shortens the life', async () => {
    await using world = await openLinksWorld(make, { config: { lifespan_after_download_days: 3 } });
    const { url, id } = await world.link('m1');
    const before = await world.show(id);
    expect(before).toMatchObject({ downloads: 0, first_downloaded_at: null, last_downloaded_at: null });
    // Neither a look at it nor a part of it.
    await world.ask(url, { method: 'HEAD' });
    await (await world.ask(url)).body?.cancel();
    expect(await world.show(id)).toEqual(before);
    expect(await world.eventsOf('m1')).toEqual([]);

    await (await world.ask(url)).text();
    const first = await world.show(id);
    expect(first.downloads).toBe(1);
    expect(Date.parse(first.expires_at)).toBe(Date.parse(first.first_downloaded_at ?? '') + 3 * DAY);

    world.clock.leap(2 * DAY);
    await (await world.ask(url)).text();
    const second = await world.show(id);
    expect(second).toMatchObject({
      ...{ downloads: 2, expires_at: first.expires_at, first_downloaded_at: first.first_downloaded_at },
      last_downloaded_at: expect.not.stringMatching(first.last_downloaded_at ?? ''),
    });
    expect(await world.eventsOf('m1')).toMatchObject([
      { reason: 'plan.pdf was downloaded', extra: { link_id: id, filename: 'plan.pdf', size_bytes: 2 } },
    ]);
    world.clock.leap(DAY);
    await expect(world.ask(url)).rejects.toMatchObject({ code: 'gone' });
    expect((await world.show(id)).state).toBe('expired');
  });

  suite('two first downloads at once are two, told of once', async () => {
    await using world = await openLinksWorld(make, { config: { lifespan_after_download_days: 1 } });
    const { url, id } = await world.link('m1');
    const answers = await Promise.all([world.ask(url), world.ask(url)]);
    await Promise.all(answers.map((answer) => answer.text()));
    expect((await world.show(id)).downloads).toBe(2);
    expect(await world.eventsOf('m1')).toHaveLength(1);
  });

  suite('a life that ends sooner than its shortening stays as it is', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 2, lifespan_after_download_days: 9 } });
    const { url, id } = await world.link('m1');
    const { expires_at } = await world.show(id);
    await (await world.ask(url)).text();
    expect((await world.show(id)).expires_at).toBe(expires_at);
  });

  suite('a link that is written late, of a message that was replaced, leads to no other file', async () => {
    await using world = await openLinksWorld(make);
    const before = await world.link('m1', { content: 'before' });
    const after = await world.link('m1', { content: 'after' });
    expect((await world.link('m1', { content: 'before' })).id).toBe(before.id);
    const shown = await Promise.all([before, after].map(async ({ url }) => await (await world.ask(url)).text()));
    expect(shown).toEqual(['before', 'after']);
  });

  suite('who has the id of a tenant that is gone sees none of its links', async () => {
    await using world = await openLinksWorld(make);
    const { id, url } = await world.link('m1');
    await world.until(async () => {
      await world.run('tenants.delete', { tenant_id: 'acme', mode: 'discard' });
    });
    world.clock.leap(1);
    await world.run('tenants.create', { id: 'acme' });
    const own = { tenant_id: 'acme' };
    expect(await world.run('large-attachments.list', own)).toMatchObject({ items: [] });
    for (const act of ['get', 'revoke']) {
      const asking = world.run(`large-attachments.${act}`, { ...own, link_id: id });
      await expect(asking).rejects.toMatchObject({ code: 'not_found' });
    }
    // The recipient has the file all the same.
    expect((await world.ask(url)).status).toBe(200);
  });

  suite('a part of a file comes alone, and the last one counts', async () => {
    await using world = await openLinksWorld(make);
    const { url, id } = await world.link('m1', { content: '0123456789' });
    const part = async (range: string, more: Record<string, string> = {}) => {
      const answer = await world.ask(url, { headers: { range, ...more } });
      return [answer.status, answer.headers.get('content-range'), await answer.text()];
    };
    expect(await part('bytes=0-3')).toEqual([206, 'bytes 0-3/10', '0123']);
    expect((await world.show(id)).downloads).toBe(0);
    expect(await part('bytes=4-')).toEqual([206, 'bytes 4-9/10', '456789']);
    expect((await world.show(id)).downloads).toBe(1);
    expect(await part('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=10-')).toEqual([416, 'bytes */10', '']);
    expect(await part('bytes=0-1,4-5')).toEqual([200, null, '0123456789']);
    const etag = (await world.ask(url, { method: 'HEAD' })).headers.get('etag') ?? '';
    expect(await part('bytes=0-3', { 'if-range': etag })).toEqual([206, 'bytes 0-3/10', '0123']);
    expect(await part('bytes=0-3', { 'if-range': '"another"' })).toEqual([200, null, '0123456789']);
  });

  suite('what was forged or altered is nothing, and what has ended is gone', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 1 } });
    const { url } = await world.link('m1');
    const other = await world.link('m2');
    const [token = '', otherToken = ''] = [url, other.url].map((each) => each.split('/').at(-2));
    for (const wrong of [
      token.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      token.slice(0, -22) + otherToken.slice(-22),
      `${token.slice(0, -22)}${'A'.repeat(22)}`,
      'x',
    ]) {
      await expect(world.ask(url.replace(token, wrong))).rejects.toMatchObject({ code: 'not_found' });
    }
    const page = await world.ask(url.replace(token, 'x'), HTML);
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    // The name is no part of what is signed.
    expect((await world.ask(url.replace(/[^/]+$/, 'another.exe'))).headers.get('content-disposition')).toContain(
      'plan.pdf',
    );
    expect((await world.ask(url)).status).toBe(200);
    world.clock.leap(DAY);
    await expect(world.ask(url)).rejects.toMatchObject({ code: 'gone' });
    const gone = await world.ask(url, HTML);
    expect([gone.status, (await gone.text()).includes('not available any more')]).toEqual([410, true]);
  });

  suite('a client that hangs up lets go of the storage, and has downloaded nothing', async () => {
    await using world = await openLinksWorld(make);
    const { url, id } = await world.link('m1', { content: 'x'.repeat(300_000) });
    const told = watchReads(world);
    const { body } = await world.ask(url);
    const reader = body?.getReader();
    expect((await reader?.read())?.value?.byteLength).toBe(65_536);
    expect(told).toEqual({ pieces: 1, left: 0 });
    await reader?.cancel();
    expect(told).toEqual({ pieces: 1, left: 1 });
    expect((await world.show(id)).downloads).toBe(0);
    // Before there is a body.
    const hungUp = new AbortController();
    world.stores.before = async (_act, _key, signal) => {
      hungUp.abort(new Error('hung up'));
      signal.throwIfAborted();
    };
    await expect(world.ask(url, { signal: hungUp.signal })).rejects.toThrow('hung up');
  });

  suite('a storage that fails is said to be away; what is not in it is gone; both are logged and counted', async () => {
    await using world = await openLinksWorld(make);
    const { url, id } = await world.link('m1');
    world.stores.before = async () => {
      throw new StorageFailure('unavailable', 'it is down');
    };
    await expect(world.ask(url)).rejects.toMatchObject({ code: 'storage_unavailable' });
    const page = await world.ask(url, HTML);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '60']);
    world.stores.before = async () => {};
    world.stores.objects.clear();
    await expect(world.ask(url)).rejects.toMatchObject({ code: 'gone' });
    expect(world.logged.map(({ fields }) => fields)).toMatchObject(Array(3).fill({ linkPk: id, tenantId: 'acme' }));
    const { body } = await world.engine.metricsText();
    expect(body).toContain('gmp_large_failures_total{act="download"} 3');
    expect(body).toContain('gmp_large_uploads_total 1');
    expect((await world.show(id)).downloads).toBe(0);
  });

  suite('a file that comes with another number of bytes fails', async () => {
    await using world = await openLinksWorld(make);
    const { url, id } = await world.link('m1', { content: '0123456789' });
    for (const content of ['01234', '0123456789x']) {
      changeReads(world, content);
      const answer = await world.ask(url);
      await expect(answer.text()).rejects.toThrow('another number of bytes');
    }
    expect((await world.show(id)).downloads).toBe(0);
  });

  suite('links are shown and ended by their tenant alone, and that is audited', async () => {
    await using world = await openLinksWorld(make);
    const ours = await world.link('m1');
    const second = await world.link('m2');
    const theirs = await world.link('m1', { tenantId: 'other' });
    const as = (tenantId: string): Caller => ({ principal: tenantPrincipal(tenantId), origin: 'test' });
    const list = async (caller: Caller, input = {}) => {
      const page = (await world.engine.execute('large-attachments.list', input, caller)) as { items: readonly Shown[] };
      return page.items.map((link) => link.id);
    };
    expect(await list(as('acme'))).toEqual([second.id, ours.id]);
    expect(await list(as('acme'), { message_id: 'm1' })).toEqual([ours.id]);
    expect(await list(as('acme'), { limit: 1 })).toEqual([second.id]);
    expect(await list(as('acme'), { limit: 1, after: second.id })).toEqual([ours.id]);
    expect(await list(as('other'))).toEqual([theirs.id]);
    for (const operation of ['large-attachments.get', 'large-attachments.revoke']) {
      const failure = world.engine.execute(operation, { link_id: theirs.id }, as('acme'));
      await expect(failure).rejects.toMatchObject({ code: 'not_found' });
    }
    expect((await world.ask(theirs.url)).status).toBe(200);

    const revoked = await world.engine.execute('large-attachments.revoke', { link_id: ours.id }, as('acme'));
    expect(revoked).toMatchObject({ id: ours.id, state: 'revoked', message_id: 'm1' });
    await expect(world.ask(ours.url)).rejects.toMatchObject({ code: 'gone' });
    expect((await world.ask(second.url)).status).toBe(200);
    expect(await list(as('acme'), { state: 'revoked' })).toEqual([ours.id]);
    expect(await list(as('acme'), { state: 'live' })).toEqual([second.id]);
    expect(await list(as('acme'), { state: 'expired' })).toEqual([]);
    world.clock.leap(31 * DAY);
    expect(await list(as('acme'), { state: 'expired' })).toEqual([second.id]);
    const { items } = await world.run<{ items: readonly object[] }>('command-log.list', {
      ...{ tenant_id: 'acme', operation: 'large-attachments.revoke' },
    });
    expect(items).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ operation: 'large-attachments.revoke' })]),
    );
  });

  suite('a signed URL of the storage is ended by deleting the file, unless another link needs it', async () => {
    await using world = await openLinksWorld(make, { config: { public_base_url: null } });
    const [one, two] = [await world.link('m1', { content: 'same' }), await world.link('m2', { content: 'same' })];
    expect(world.stores.puts).toHaveLength(1);
    const revoke = (id: string) => world.run<Shown>('large-attachments.revoke', { link_id: id, tenant_id: 'acme' });
    const before = await world.show(one.id);
    expect(await revoke(one.id)).toEqual({ ...before, state: 'revoked', revoked_at: expect.any(String) });
    expect(world.stores.objects.size).toBe(1);
    // A storage that is away keeps it for as long as it was signed for; asked again it is gone.
    world.stores.before = async () => {
      throw new StorageFailure('unavailable', 'it is down');
    };
    const { expires_at } = await world.show(two.id);
    expect(await revoke(two.id)).toMatchObject({ state: 'revoked', expires_at });
    world.stores.before = async () => {};
    const ended = await revoke(two.id);
    expect(Date.parse(ended.expires_at)).toBeLessThan(Date.parse(expires_at));
    expect(world.stores.objects.size).toBe(0);
    expect(await world.files()).toEqual([]);
    // The same content comes again.
    await world.link('m3', { content: 'same' });
    expect(world.stores.objects.size).toBe(1);
  });

  suite('what no link needs any more is deleted, and what one needs stays', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 2 } });
    await world.link('m1', { content: 'ends' });
    const revoked = await world.link('m2', { content: 'revoked' });
    await world.run('large-attachments.revoke', { link_id: revoked.id, tenant_id: 'acme' });
    world.clock.leap(DAY);
    const shared = await world.link('m3', { content: 'shared' });
    await world.link('m4', { content: 'shared', tenantId: 'other' });
    await world.until(async () =>
      expect((await world.files()).map(({ state }) => state)).toEqual(Array(3).fill('stored')),
    );
    world.clock.leap(DAY + 2 * HOUR);
    await world.until(async () => expect(await world.files()).toHaveLength(2));
    expect(await (await world.ask(shared.url)).text()).toBe('shared');
    world.clock.leap(DAY);
    await world.until(async () => expect(await world.files()).toEqual([]));
    expect(world.stores.objects.size).toBe(0);
    // The rows of the links stay for questions, and go.
    expect((await world.show(shared.id)).state).toBe('expired');
    world.clock.leap((KEPT_LINK_DAYS + 1) * DAY);
    await world.until(() => expect(world.show(shared.id)).rejects.toMatchObject({ code: 'not_found' }));
    await expect(world.ask(shared.url)).rejects.toMatchObject({ code: 'gone' });
  });

  suite('an upload that nobody ended is cleared away', async () => {
    await using world = await openLinksWorld(make);
    world.stores.before = async (act) => {
      if (act === 'put') throw new StorageFailure('unavailable', 'it is down');
    };
    await expect(world.link('m1')).rejects.toThrow();
    expect(await world.files()).toMatchObject([{ state: 'uploading' }]);
    world.clock.leap(DAY + HOUR);
    await world.until(async () => expect(await world.files()).toEqual([]));
  });

  suite('a clean-up that ends between storage and table is done by the next', async () => {
    const made = await make();
    const database = async () => ({ database: made.database, drop: async () => {} });
    const deleted = Promise.withResolvers<void>();
    let kept: Pick<World, 'stores' | 'clock'>;
    {
      await using dying = await openLinksWorld(database, { config: { file_ttl_days: 1 } });
      const { stores } = dying;
      kept = dying;
      await dying.link('m1');
      // The object is gone, and nobody lives to write it down.
      stores.before = async (act, key, signal) => {
        if (act !== 'delete') return;
        stores.objects.delete(`s3://bucket/prefix/${key}`);
        deleted.resolve();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('killed'))));
      };
      dying.clock.leap(DAY + 2 * HOUR);
      await dying.until(async () => expect(await dying.files()).toMatchObject([{ state: 'deleting' }]));
      await deleted.promise;
    }
    const { stores, clock } = kept;
    stores.before = async () => {};
    {
      await using next = await openLinksWorld(database, { again: { database: made.database, stores, clock } });
      // PostgreSQL's time has not leapt.
      next.clock.leap(DAY + 2 * HOUR);
      await next.until(async () => expect(await next.files()).toEqual([]));
    }
    expect(stores.objects.size).toBe(0);
    await made.drop();
  });

  suite('a storage that is away keeps others from nothing, and is asked again', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 1 } });
    await world.link('m1', { content: 'one' });
    await world.link('m2', { content: 'two' });
    await world.link('m1', { tenantId: 'other' });
    const away = (await world.files()).find(({ tenant_id }) => tenant_id === 'acme')?.object_key.split('/')[0] ?? '';
    let asked = 0;
    world.stores.before = async (act, key) => {
      if (act !== 'delete' || !key.startsWith(away)) return;
      asked += 1;
      throw new StorageFailure('unavailable', 'it is down');
    };
    world.clock.leap(DAY + 2 * HOUR);
    await world.until(async () =>
      expect((await world.files()).map(({ tenant_id }) => tenant_id)).toEqual(['acme', 'acme']),
    );
    const warned = world.logged.filter(({ message }) => message.includes('left over'));
    expect(warned[0]?.fields).toMatchObject({ files: 2, storages: 1 });
    // Once a time, however many files lie there.
    expect(asked).toBeLessThanOrEqual(warned.length + 1);
    await world.run('tenants.update', { tenant_id: 'acme', large_file_config: null });
    world.stores.before = async () => {};
    await world.until(async () => expect(await world.files()).toEqual([]));
  });

  suite('a storage that never answers holds up no clean-up but its own', async () => {
    await using world = await openLinksWorld(make);
    for (const tenantId of ['acme', 'other']) {
      const { id } = await world.link('m1', { tenantId });
      await world.run('large-attachments.revoke', { tenant_id: tenantId, link_id: id });
    }
    world.stores.before = async (act, key, signal) => {
      if (act !== 'delete' || !key.startsWith('acme/')) return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    };
    world.clock.leap(2 * HOUR);
    await world.until(async () => {
      world.clock.late();
      expect(await world.files()).toMatchObject([{ tenant_id: 'acme', state: 'deleting' }]);
    });
  });

  suite('a link made while its file is being deleted has another one', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 1 } });
    const ended = await world.link('m1', { content: 'same' });
    let made: Promise<Linked> | null = null;
    world.stores.before = async (act) => {
      if (act !== 'delete' || made !== null) return;
      made = world.link('m2', { content: 'same' });
      await made;
    };
    world.clock.leap(DAY + 2 * HOUR);
    await world.until(async () => expect(world.stores.deletes).toHaveLength(1));
    const { url } = await (made ?? expect.unreachable());
    await world.until(async () => expect(await world.files()).toHaveLength(1));
    expect(world.stores.puts).toHaveLength(2);
    expect(await (await world.ask(url)).text()).toBe('same');
    await expect(world.ask(ended.url)).rejects.toMatchObject({ code: 'gone' });
  });

  suite('a file that somebody wants has time until its link is written', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 1 } });
    await world.link('old', { content: 'old' });
    world.clock.leap(DAY + 2 * HOUR);
    await world.link('m1', { content: 'wanted' });
    // As when it is stored, and its link not written yet.
    const links = world.database.prepare<object>((k) => k.deleteFrom('large_links').where('message_id', '=', 'm1'));
    await world.database.write([links.bind({})]);
    // The other one was looked at in the same turn.
    await world.until(async () => expect(await world.files()).toHaveLength(1));
    expect(await world.files()).toMatchObject([{ state: 'stored', size_bytes: 6 }]);
    world.clock.leap(2 * HOUR);
    await world.until(async () => expect(await world.files()).toEqual([]));
  });

  suite('a link that was written as its file was given up keeps it', async () => {
    await using world = await openLinksWorld(make, { config: { file_ttl_days: 1 } });
    const { url } = await world.link('m1');
    const give = world.database.prepare<object>((k) => k.updateTable('large_files').set({ state: 'deleting' }));
    await world.database.write([give.bind({})]);
    await world.until(async () => expect(await world.files()).toMatchObject([{ state: 'stored' }]));
    expect(world.stores.deletes).toEqual([]);
    expect((await world.ask(url)).status).toBe(200);
  });
}

type World = Awaited<ReturnType<typeof openLinksWorld>>;

/** Count what is read of objects from now on, and what is left unread. */
function watchReads(world: World): { readonly pieces: number; readonly left: number } {
  const told = { pieces: 0, left: 0 };
  replaceReads(world, async function* (body) {
    let isWhole = false;
    try {
      for await (const piece of body) {
        told.pieces += 1;
        yield piece;
      }
      isWhole = true;
    } finally {
      if (!isWhole) told.left += 1;
    }
  });
  return told;
}

/** Have objects come with this content, whatever they are said to be. */
function changeReads(world: World, content: string): void {
  replaceReads(world, async function* () {
    yield Buffer.from(content);
  });
}

function replaceReads({ stores }: World, change: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>): void {
  const open = stores.open.bind(stores);
  Object.assign(stores, {
    async open(...where: Parameters<typeof open>) {
      const store = await open(...where);
      return {
        ...store,
        async get(...asked: Parameters<typeof store.get>) {
          const found = await store.get(...asked);
          return found && { ...found, body: change(found.body) };
        },
      };
    },
  });
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createClient, eachItem, isApiError } from '@mail-proxy/client';
import { describe, expect, test } from 'vitest';
import { hangUp, json, scriptedServer } from './scripted-server.case.ts';

const MESSAGE = { id: 'm1', from: 'a@shop.example', to: 'b@example.org', subject: 'Hello', text: 'Hello.' };

/** Notes what would have been waited, and goes on at once. */
function recordedWaits() {
  const waits: number[] = [];
  return { waits, wait: async (delayMs: number): Promise<void> => void waits.push(delayMs) };
}

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isApiError(error)) throw new Error('it was no ApiError', { cause: error });
  return error;
}

describe('where an input travels', () => {
  test('fields of the path into the path, others into the query of a GET and into the body of a POST', async () => {
    await using server = await scriptedServer(json({}));
    const client = createClient({ url: `${server.url}/`, token: 'secret' });
    await client.messages.get({ message_id: 'a/b ü' });
    await client.messages.list({ state: 'deferred', limit: 5 });
    await client.messages.hold({ message_id: 'm1', tenant_id: 'acme' });
    expect(server.seen.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/messages/a%2Fb%20%C3%BC', ''],
      ['GET', '/v1/messages?state=deferred&limit=5', ''],
      ['POST', '/v1/messages/m1/hold', '{"tenant_id":"acme"}'],
    ]);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer secret'));
  });

  test('the tenant of the client, where the input may name one and names none', async () => {
    await using server = await scriptedServer(json({}));
    const client = createClient({ url: server.url, tenantId: 'acme' });
    await client.messages.list();
    await client.messages.list({ tenant_id: 'other' });
    await client.messages.create(MESSAGE);
    await client.tenants.list();
    expect(server.seen.map(({ path, body }) => path + body)).toEqual([
      '/v1/messages?tenant_id=acme',
      '/v1/messages?tenant_id=other',
      `/v1/messages${JSON.stringify({ ...MESSAGE, tenant_id: 'acme' })}`,
      '/v1/tenants',
    ]);
  });

  test('a field of the path that is missing fails before anything is sent', async () => {
    await using server = await scriptedServer(json({}));
    const client = createClient({ url: server.url });
    await expect(client.messages.get({ message_id: '' })).rejects.toThrow('message_id is missing');
    expect(server.seen).toEqual([]);
  });

  test('a complete mail as the body, files as a form', async () => {
    await using server = await scriptedServer(json({}));
    const client = createClient({ url: server.url });
    await client.messages.createFromMail('Subject: x\r\n\r\nbody', { id: 'm2' });
    await client.messages.create(MESSAGE, {
      files: { bill: new File(['%PDF'], 'bill.pdf', { type: 'application/pdf' }) },
    });
    const [mail, form] = server.seen;
    expect([mail?.path, mail?.headers['content-type'], mail?.body]).toEqual([
      '/v1/messages?id=m2',
      'message/rfc822',
      'Subject: x\r\n\r\nbody',
    ]);
    expect(form?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(form?.body).toContain(JSON.stringify(MESSAGE));
    expect(form?.body).toMatch(/name="bill"; filename="bill\.pdf"\r\ncontent-type: application\/pdf/i);
  });
});

describe('what comes back', () => {
  test('an answer without a body is undefined', async () => {
    await using server = await scriptedServer((response) => response.writeHead(204).end());
    const client = createClient({ url: server.url });
    expect(await client.messages.remove({ ids: ['x'] })).toBeUndefined();
  });

  test('lines one after the other, wherever the pieces end', async () => {
    await using server = await scriptedServer(async (response) => {
      for (const piece of ['{"address":"ü', '@a.example"}\n{"addr', 'ess":"b@a.example"}']) response.write(piece);
      response.end();
    });
    const client = createClient({ url: server.url });
    const found = [];
    for await (const { address } of client.suppressions.export()) found.push(address);
    expect(found).toEqual(['ü@a.example', 'b@a.example']);
  });

  test('bytes as they are', async () => {
    await using server = await scriptedServer((response) => response.end(Buffer.from([0, 255, 10])));
    const client = createClient({ url: server.url });
    const body = await client.pec.downloadReceipt({ receipt_id: 'r' });
    expect(new Uint8Array(await new Response(body).arrayBuffer())).toEqual(new Uint8Array([0, 255, 10]));
  });

  test('the items of all pages, each page when it is reached', async () => {
    await using server = await scriptedServer(
      json({ items: [{ id: 'a' }, { id: 'b' }], next: 'B' }),
      json({ items: [{ id: 'c' }], next: null }),
    );
    const client = createClient({ url: server.url });
    const found = [];
    for await (const { id } of eachItem(client.messages.list, { state: 'held' })) {
      if (id === 'b') expect(server.seen).toHaveLength(1);
      found.push(id);
    }
    expect(found).toEqual(['a', 'b', 'c']);
    expect(server.seen[1]?.path).toBe('/v1/messages?state=held&after=B');
  });
});

describe('what fails', () => {
  const problem = {
    code: 'invalid_input',
    title: 'Invalid',
    detail: 'no',
    instance: 'req-1',
    errors: [{ pointer: '/to', message: 'expected an address' }],
  };

  test('a refusal tells its code, its fields and its request, and is not repeated', async () => {
    await using server = await scriptedServer(json(problem, 422));
    const client = createClient({ url: server.url });
    const error = await failureOf(client.messages.create(MESSAGE, { idempotencyKey: 'k' }));
    expect(error).toMatchObject({ status: 422, code: 'invalid_input', message: 'no', requestId: 'req-1' });
    expect(error.problems).toEqual(problem.errors);
    expect(server.seen).toHaveLength(1);
  });

  test('what something between answers is told by its status', async () => {
    await using server = await scriptedServer((response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
    const client = createClient({ url: server.url, retries: 0 });
    const error = await failureOf(client.instance.get());
    expect(error).toMatchObject({ status: 502, code: 'http_502', message: '<h1>Bad gateway</h1>' });
  });

  test('a redirect is not followed, since the token would go along', async () => {
    await using other = await scriptedServer(json({}));
    await using server = await scriptedServer((response) => response.writeHead(302, { location: other.url }).end());
    const client = createClient({ url: server.url, token: 'secret', retries: 0 });
    expect(await failureOf(client.instance.get())).toMatchObject({ code: 'unreachable', status: null });
    expect(other.seen).toEqual([]);
  });

  test('a connection that breaks behind the first lines', async () => {
    await using server = await scriptedServer((response) => {
      response.write('{"address":"a@b.example"}\n', () => response.socket?.destroy());
    });
    const client = createClient({ url: server.url });
    const read = async (): Promise<void> => {
      for await (const { address } of client.suppressions.export()) expect(address).toBe('a@b.example');
    };
    expect(await failureOf(read())).toMatchObject({ code: 'unreachable', status: null });
    expect(server.seen).toHaveLength(1);
  });

  test('a server that does not answer in time', async () => {
    await using server = await scriptedServer(() => undefined);
    const client = createClient({ url: server.url, retries: 0, timeoutMs: 20 });
    expect(await failureOf(client.instance.get())).toMatchObject({ code: 'timeout', status: null });
  });

  test('a call that is ended throws the reason of its signal, and a stream ends with it', async () => {
    await using server = await scriptedServer((response, { path }) => {
      if (path.endsWith('/export')) response.write('{"address":"a@b.example"}\n');
    });
    const client = createClient({ url: server.url });
    const first = new AbortController();
    const call = client.instance.get({}, { signal: first.signal });
    first.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    const second = new AbortController();
    const lines = client.suppressions.export({}, { signal: second.signal })[Symbol.asyncIterator]();
    await lines.next();
    const next = lines.next();
    second.abort(new Error('no more'));
    await expect(next).rejects.toThrow('no more');
  });
});

describe('what is tried again', () => {
  test('reads and calls with an idempotency key, with the same key, and no sooner than the server asked', async () => {
    const { waits, wait } = recordedWaits();
    const busy = json({ code: 'too_busy' }, 503, { 'retry-after': '2' });
    await using server = await scriptedServer(busy, hangUp, json({ id: 'm1' }), busy, json({ items: [] }));
    const client = createClient({ url: server.url, wait });
    await client.messages.create(MESSAGE, { idempotencyKey: 'order-1' });
    await client.messages.list();
    expect(server.seen.slice(0, 3).map(({ headers }) => headers['idempotency-key'])).toEqual(Array(3).fill('order-1'));
    expect(new Set(server.seen.slice(0, 3).map(({ body }) => body)).size).toBe(1);
    expect(waits).toEqual([2_000, 500, 2_000]);
  });

  test('nothing else: nobody knows whether it was done', async () => {
    const { waits, wait } = recordedWaits();
    await using server = await scriptedServer(hangUp);
    const client = createClient({ url: server.url, wait });
    expect(await failureOf(client.messages.create(MESSAGE))).toMatchObject({ code: 'unreachable' });
    expect(await failureOf(client.messages.cancel({ message_id: 'm1' }))).toMatchObject({ code: 'unreachable' });
    expect(await failureOf(client.tenants.delete({ tenant_id: 'acme' }))).toMatchObject({ code: 'unreachable' });
    expect([server.seen.length, waits]).toEqual([3, []]);
  });

  test('only so often', async () => {
    const { waits, wait } = recordedWaits();
    await using server = await scriptedServer(json({}, 503));
    const client = createClient({ url: server.url, wait });
    expect(await failureOf(client.instance.get())).toMatchObject({ status: 503 });
    expect([server.seen.length, waits]).toEqual([3, [250, 500]]);
  });
});

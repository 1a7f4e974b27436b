// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { received, startHttp } from '../../outgoing/outgoing-world.case.ts';
import { type Asked, openAttachments } from '../attachments-world.case.ts';
import type { AttachmentTenant } from './source-context.ts';

const asked = (path: string): Asked => ({ mode: 'endpoint', path });

/** Answers with what came. */
async function startEcho() {
  const server = await startHttp(async (request, response) => {
    const { headers, ...rest } = await received(request);
    response.end(JSON.stringify({ ...rest, type: headers['content-type'], auth: headers.authorization ?? null }));
  });
  const base = (host: string): string => `http://${host}.example:${server.port}`;
  const tenant = (rest: Partial<AttachmentTenant> = {}): Partial<AttachmentTenant> => ({
    clientBaseUrl: base('acme'),
    clientAuth: { authorization: 'Bearer tenant' },
    ...rest,
  });
  return { ...server, base, tenant };
}

describe("the tenant's endpoint", () => {
  test('is asked for the path as it is, with the credentials of the tenant', async () => {
    await using server = await startEcho();
    await using world = openAttachments({ tenant: server.tenant() });
    for (const path of ['doc_id=1&x=/', '../../etc/passwd', 'ü "quoted"\n', 'http://10.0.0.5/', '[not a server]x']) {
      expect(JSON.parse(await world.text(asked(path)))).toEqual({
        method: 'POST',
        path: '/mail-proxy/attachments',
        type: 'application/json',
        auth: 'Bearer tenant',
        body: JSON.stringify({ storage_path: path }),
      });
    }
  });

  test('lies where the tenant says, joined with one slash', async () => {
    await using server = await startEcho();
    const clientBaseUrl = `${server.base('acme')}/app//`;
    await using world = openAttachments({
      tenant: server.tenant({ clientBaseUrl, clientAttachmentPath: '/files?v=1' }),
    });
    expect(JSON.parse(await world.text(asked('doc')))).toMatchObject({ path: '/app/files?v=1' });
  });

  test("is asked with the attachment's own credentials, or with none, where it says so", async () => {
    await using server = await startEcho();
    await using world = openAttachments({ tenant: server.tenant() });
    const own = await world.text({ ...asked('doc'), auth: { authorization: 'Basic own' } });
    expect(JSON.parse(own)).toMatchObject({ auth: 'Basic own' });
    expect(JSON.parse(await world.text({ ...asked('doc'), auth: 'none' }))).toMatchObject({ auth: null });
  });

  test('is missing for a tenant without a base URL', async () => {
    await using world = openAttachments();
    expect(await world.failure(asked('doc'))).toMatchObject({
      code: 'misconfigured',
      permanence: 'permanent',
      reason: 'attachment report.pdf: the tenant has no client_base_url to ask for it',
    });
  });

  test('may send elsewhere for the file, where it gets neither path nor credentials', async () => {
    await using server = await startEcho();
    await using front = await startHttp((_, response) =>
      response.writeHead(303, { location: `${server.base('files')}/signed` }).end(),
    );
    const clientBaseUrl = `http://acme.example:${front.port}`;
    await using world = openAttachments({ tenant: server.tenant({ clientBaseUrl }) });
    const echo = JSON.parse(await world.text(asked('doc')));
    expect(echo).toEqual({ method: 'GET', path: '/signed', body: '', auth: null });
  });

  test('may not have the question repeated to another server', async () => {
    await using server = await startEcho();
    await using front = await startHttp((_, response) =>
      response.writeHead(307, { location: `${server.base('files')}/` }).end(),
    );
    await using world = openAttachments({ tenant: { clientBaseUrl: `http://acme.example:${front.port}` } });
    expect(await world.failure(asked('doc'))).toMatchObject({ code: 'refused', permanence: 'permanent' });
    expect(server.connections()).toBe(0);
  });

  test('that fails or is not to be reached is told apart like any server', async () => {
    await using server = await startHttp((_, response) => response.writeHead(503, { 'retry-after': '7' }).end());
    const tenant = { clientBaseUrl: `http://acme.example:${server.port}` };
    await using world = openAttachments({ tenant });
    expect(await world.failure(asked('doc'))).toMatchObject({ code: 'unavailable', retryAfterMs: 7_000 });
    await using closed = openAttachments({ tenant, policy: {} });
    expect(await closed.failure(asked('doc'))).toMatchObject({ code: 'not_allowed', permanence: 'permanent' });
  });
});

describe('a server that the path names', () => {
  test('is asked for the rest of the path, without the credentials of the tenant', async () => {
    await using server = await startEcho();
    await using world = openAttachments({ tenant: server.tenant() });
    expect(JSON.parse(await world.text(asked(`[${server.base('files')}/get?v=1]doc=1`)))).toEqual({
      method: 'POST',
      path: '/get?v=1',
      type: 'application/json',
      auth: null,
      body: '{"storage_path":"doc=1"}',
    });
  });

  test("gets the attachment's own credentials, and the tenant's only if it is the tenant's", async () => {
    await using server = await startEcho();
    await using world = openAttachments({ tenant: server.tenant() });
    const own = await world.text({ ...asked(`[${server.base('files')}]doc`), auth: { authorization: 'Bearer own' } });
    expect(JSON.parse(own)).toMatchObject({ auth: 'Bearer own' });
    const home = await world.text(asked(`[${server.base('acme')}/other]doc`));
    expect(JSON.parse(home)).toMatchObject({ path: '/other', auth: 'Bearer tenant' });
  });

  test('is asked where the tenant has no endpoint, and never at a private address', async () => {
    await using server = await startEcho();
    await using world = openAttachments({ policy: { allowedHosts: ['files.example'] } });
    expect(JSON.parse(await world.text(asked(`[${server.base('files')}]doc`)))).toMatchObject({ path: '/' });
    expect(await world.failure(asked(`[http://127.0.0.1:${server.port}]doc`))).toMatchObject({ code: 'not_allowed' });
  });
});

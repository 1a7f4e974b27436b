// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, randomBytes } from 'node:crypto';
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { serveApp } from './served-app.case.ts';
import { beginRequest, filesOf, openUploadWorld, problemsOf } from './upload-world.case.ts';

const MAIL = { id: 'm1', from: 'a@example.net', to: 'b@example.org', subject: 'Files', text: 'Here.' };

function form(message: object, ...files: readonly (readonly [field: string, content: string, name: string])[]) {
  const data = new FormData();
  data.append('message', JSON.stringify(message));
  for (const [field, content, name] of files) data.append(field, new Blob([content]), name);
  return data;
}

/** A form whose parts the test writes itself, each without its boundary. */
function rawForm(...parts: readonly string[]) {
  const body = [...parts.map((part) => `--b\r\n${part}\r\n`), '--b--\r\n'].join('');
  return { body, headers: { 'content-type': 'multipart/form-data; boundary=b' } };
}

const messagePart = (message: object = MAIL): string =>
  `Content-Disposition: form-data; name="message"\r\n\r\n${JSON.stringify(message)}`;

describe('a form with files', () => {
  test('is a message with attachments in the order of the parts, behind those of the JSON', async () => {
    await using world = await openUploadWorld();
    const listed = { filename: 'first.txt', storage_path: `base64:${Buffer.from('first').toString('base64')}` };
    const body = form({ ...MAIL, attachments: [listed] }, ['b', 'second', 'second.pdf'], ['a', 'third', 'third.xyz']);
    body.append('a', new Blob(['fourth'], { type: 'text/csv; charset=utf-8' }), 'fourth.bin');
    const answer = await world.app.call('POST', '/v1/messages', { body });
    expect([answer.status, answer.json.id]).toEqual([202, 'm1']);
    const { attachments } = await world.received();
    expect(attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
      ['first.txt', 'text/plain'],
      ['second.pdf', 'application/pdf'],
      ['third.xyz', 'chemical/x-xyz'],
      ['fourth.bin', 'text/csv'],
    ]);
    expect(world.spooledFiles()).toBe(0);
  });

  test('brings large ones as they were', async () => {
    await using world = await openUploadWorld();
    const bytes = randomBytes(3_000_000);
    const body = form(MAIL);
    body.append('file', new Blob([bytes]), 'large.bin');
    expect((await world.app.call('POST', '/v1/messages', { body })).status).toBe(202);
    const [file] = (await world.received()).attachments;
    expect(Buffer.from(file?.content as ArrayBuffer).equals(bytes)).toBe(true);
    expect(world.spooledFiles()).toBe(0);
  });

  test('may say more about a file, which is then not attached again', async () => {
    await using world = await openUploadWorld();
    const content_sha256 = createHash('sha256').update('PNG').digest('hex');
    const attachments = [
      { storage_path: 'part:logo', content_id: 'logo@x', content_sha256, mime_type: 'image/png' },
      { storage_path: 'part:terms', filename: 'Terms of 2026.txt' },
    ];
    const message = { ...MAIL, html: '<img src="cid:logo@x">', attachments };
    const body = form(message, ['terms', 'T', 't.txt'], ['other', 'O', 'o.txt'], ['logo', 'PNG', 'l.png']);
    expect((await world.app.call('POST', '/v1/messages', { body })).status).toBe(202);
    const email = await world.received();
    expect(filesOf(email)).toEqual({ 'l.png': 'PNG', 'Terms of 2026.txt': 'T', 'o.txt': 'O' });
    expect(email.attachments.find(({ filename }) => filename === 'l.png')).toMatchObject({
      contentId: '<logo@x>',
      disposition: 'inline',
      mimeType: 'image/png',
    });
  });

  test.each<readonly [what: string, name: string, arrives: string]>([
    ['with quotes in its name', 'a \\"b\\".txt', 'a "b".txt'],
    ['with another script', 'данные 数据 🎉.txt', 'данные 数据 🎉.txt'],
    ['with a path of Windows', 'C:\\\\temp\\\\c.txt', 'c.txt'],
    ['with a path', '../../etc/passwd', 'passwd'],
    ['with a semicolon', 'a; filename=b.txt', 'a; filename=b.txt'],
    ['with a line break that is encoded', 'a%0D%0AX-Evil: 1.txt', 'a%0D%0AX-Evil: 1.txt'],
  ])('takes one %s', async (_, name, arrives) => {
    await using world = await openUploadWorld();
    const file = `Content-Disposition: form-data; name="f"; filename="${name}"\r\n\r\nx`;
    expect((await world.app.call('POST', '/v1/messages', rawForm(messagePart(), file))).status).toBe(202);
    expect(filesOf(await world.received())).toEqual({ [arrives]: 'x' });
  });

  test('takes empty files, and what stands around the parts', async () => {
    await using world = await openUploadWorld();
    const { body, headers } = rawForm(
      messagePart(),
      'Content-Disposition: form-data; name="f"; filename="empty.txt"\r\n\r\n',
    );
    const answer = await world.app.call('POST', '/v1/messages', { body: `preamble\r\n${body}epilogue`, headers });
    expect(answer.status).toBe(202);
    expect(filesOf(await world.received())).toEqual({ 'empty.txt': '' });
  });

  test('comes in pieces of any size', async () => {
    await using world = await openUploadWorld();
    const file = 'Content-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n\r\n--\r\n--a\n--b';
    const { body, headers } = rawForm(messagePart(), file);
    const request = await beginRequest(world.app.url, '/v1/messages', {
      ...headers,
      connection: 'close',
      'content-length': String(body.length),
    });
    request.socket.setNoDelay(true);
    for (const byte of body) await request.write(byte);
    expect(await request.answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(filesOf(await world.received())).toEqual({ 'a.txt': '\r\n--\r\n--a\n--b' });
  });
});

describe('a form is refused, and nothing is queued or kept,', () => {
  const part = (header: string): string => `${header}\r\n\r\nx`;
  const file = part('Content-Disposition: form-data; name="f"; filename="a.txt"');
  const withReference = (path: string) =>
    messagePart({ ...MAIL, attachments: [{ filename: 'z', storage_path: 'base64:' }, { storage_path: path }] });
  test.each<readonly [what: string, parts: readonly string[], problems: readonly unknown[]]>([
    ['without a message', [file], [422, 'invalid_input', '/message']],
    ['with two messages', [messagePart(), messagePart()], [422, 'invalid_input', '/message']],
    [
      'with a field that is no file',
      [messagePart(), part('Content-Disposition: form-data; name="subject"')],
      [422, 'invalid_input', '/subject'],
    ],
    [
      'with a file without a name',
      [messagePart(), part('Content-Disposition: form-data; name="f"; filename=""')],
      [422, 'invalid_input', '/f'],
    ],
    [
      'with a reference to a file that is missing',
      [withReference('part:g'), file],
      [422, 'invalid_input', '/attachments/1/storage_path'],
    ],
    [
      'with a reference to one of two files',
      [withReference('part:f'), file, file],
      [422, 'invalid_input', '/attachments/1/storage_path'],
    ],
    [
      'with a message that is no JSON',
      ['Content-Disposition: form-data; name="message"\r\n\r\n{'],
      [400, 'malformed_json'],
    ],
    ['with a wrong message', [messagePart({ ...MAIL, from: 'a' }), file], [422, 'invalid_input', '/from']],
    [
      'with a wrong list of attachments',
      [messagePart({ ...MAIL, attachments: 'part:f' }), file],
      [422, 'invalid_input', '/attachments'],
    ],
    [
      'with bytes in JSON',
      [messagePart({ ...MAIL, attachments: [{ filename: 'a', content: 'x' }] }), file],
      [422, 'invalid_input', '/attachments/0/content'],
    ],
    ['with a part without a name', [messagePart(), part('Content-Type: text/plain')], [400, 'malformed_request']],
    [
      'with a line break in a name',
      [messagePart(), part('Content-Disposition: form-data; name="f"; filename="a\rX-Evil: 1"')],
      [400, 'malformed_request'],
    ],
    [
      'with a line break in the name of a field',
      [messagePart(), part('Content-Disposition: form-data; name="f\n"; filename="a"')],
      [400, 'malformed_request'],
    ],
    [
      'with a control character in a name',
      [messagePart(), part('Content-Disposition: form-data; name="f"; filename="a\u0085b"')],
      [422, 'invalid_input', '/attachments/0/filename'],
    ],
    [
      'with a part that ends within its header',
      [messagePart(), 'Content-Disposition: form-data'],
      [400, 'malformed_request'],
    ],
    ['without parts', [], [422, 'invalid_input', '/message']],
  ])('%s', async (_, parts, problems) => {
    await using world = await openUploadWorld();
    expect(problemsOf(await world.app.call('POST', '/v1/messages', rawForm(...parts)))).toEqual(problems);
    expect([await world.storedMessages(), world.spooledFiles()]).toEqual([0, 0]);
  });

  test('with a wrong hash of a file', async () => {
    await using world = await openUploadWorld();
    const attachments = [{ storage_path: 'part:f', content_md5: '0'.repeat(32) }];
    const body = form({ ...MAIL, attachments }, ['f', 'x', 'a.txt']);
    const answer = await world.app.call('POST', '/v1/messages', { body });
    expect(problemsOf(answer)).toEqual([422, 'invalid_input', '/attachments/0/content_md5']);
    expect([await world.storedMessages(), world.spooledFiles()]).toEqual([0, 0]);
  });

  test('that ends too early', async () => {
    await using world = await openUploadWorld();
    const { body, headers } = rawForm(messagePart(), `${file}${'x'.repeat(1_000_000)}`);
    const cut = { body: body.slice(0, -20), headers };
    expect(problemsOf(await world.app.call('POST', '/v1/messages', cut))).toEqual([400, 'malformed_request']);
    expect([await world.storedMessages(), world.spooledFiles()]).toEqual([0, 0]);
  });

  test('without a boundary, compressed, or where no files are taken', async () => {
    await using world = await openUploadWorld();
    const { body, headers } = rawForm(messagePart());
    const send = async (path: string, changes: Readonly<Record<string, string>>) =>
      problemsOf(await world.app.call('POST', path, { body, headers: { ...headers, ...changes } }));
    expect(await send('/v1/messages', { 'content-type': 'multipart/form-data' })).toEqual([400, 'malformed_request']);
    expect(await send('/v1/messages', { 'content-encoding': 'gzip' })).toEqual([415, 'unsupported_media_type']);
    expect(await send('/v1/messages/batch', {})).toEqual([415, 'unsupported_media_type']);
    expect(await world.storedMessages()).toBe(0);
  });

  test('before its body where there is no token', async () => {
    await using app = await serveApp();
    const request = await beginRequest(app.url, '/v1/messages', {
      authorization: '',
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': '1000000',
    });
    expect(await request.status).toMatch(/^HTTP\/1\.1 401 /);
    request.socket.destroy();
  });
});

describe('a form over a limit is 413 while it is sent', () => {
  const fileHead = (name: string) => `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n`;
  const endless = { 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' };

  test.each<readonly [what: string, limits: object, begin: readonly string[], maxBytes: number]>([
    ['of a file', { maxBytes: 400_000 }, [fileHead('a')], 400_000],
    [
      'of all files',
      { maxBytes: 500_000, maxMessageBytes: 700_000 },
      [`${fileHead('a')}${'x'.repeat(400_000)}\r\n`, fileHead('b')],
      700_000,
    ],
    ['of the message', {}, ['--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n'], 100_000],
    ['of what stands before the parts', { maxBytes: 1, maxMessageBytes: 300_000 }, [''], 100_000 + 300_000 + 1_048_576],
  ])('%s', async (_, attachments, begin, maxBytes) => {
    await using world = await openUploadWorld({ attachments }, { maxBodyBytes: 100_000 });
    const request = await beginRequest(world.app.url, '/v1/messages', endless);
    const answered = request.status;
    const send = (bytes: string) => request.write(`${bytes.length.toString(16)}\r\n${bytes}\r\n`);
    for (const bytes of begin) if (bytes !== '') await send(bytes);
    let isAnswered = false;
    void answered.then(() => {
      isAnswered = true;
    });
    // Far more than the limit, and never an end.
    for (let sent = 0; !isAnswered && sent < 200; sent++) await Promise.race([send('x'.repeat(65_536)), answered]);
    expect(await answered).toMatch(/^HTTP\/1\.1 413 /);
    request.socket.destroy();
    expect(await request.answer).toContain(`"max_bytes":${maxBytes}`);
    expect([await world.storedMessages(), world.spooledFiles()]).toEqual([0, 0]);
  });

  test('of files', async () => {
    await using world = await openUploadWorld();
    const many = (count: number) => Array.from({ length: count }, (_, n) => `${fileHead(`${n}`).slice(5)}x`);
    const send = async (id: string, count: number) =>
      world.app.call('POST', '/v1/messages', rawForm(messagePart({ ...MAIL, id }), ...many(count)));
    expect(problemsOf(await send('m1', 101))).toEqual([413, 'body_too_large']);
    expect((await send('m2', 100)).status).toBe(202);
  });

  test('by what it says of itself, and one below it is encouraged', async () => {
    await using world = await openUploadWorld({}, { maxBodyBytes: 1_000 });
    const expecting = async (length: number) => {
      const request = await beginRequest(world.app.url, '/v1/messages', {
        'content-type': 'multipart/form-data; boundary=b',
        expect: '100-continue',
        'content-length': String(length),
      });
      const line = await request.status;
      request.socket.destroy();
      return line;
    };
    expect(await expecting(50_000_000)).toMatch(/^HTTP\/1\.1 100 /);
    expect(await expecting(60_000_000)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

test('a client that goes away within a file leaves nothing', async () => {
  await using world = await openUploadWorld();
  const request = await beginRequest(world.app.url, '/v1/messages', {
    'content-type': 'multipart/form-data; boundary=b',
    'content-length': '20000000',
  });
  const { body } = rawForm(messagePart());
  await request.write(body.slice(0, -'--b--\r\n'.length));
  await request.write('--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n');
  await request.write(randomBytes(2_000_000));
  await eventually(() => world.spooledFiles() === 1);
  request.socket.destroy();
  await eventually(() => world.spooledFiles() === 0);
  expect(await world.storedMessages()).toBe(0);
  expect(world.app.logged.filter(({ level }) => level === 'error')).toEqual([]);
});

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { PeerConnection } from './peer-connection.ts';
import { type SmtpSink, startSmtpSink } from './smtp-sink.ts';
import { createTestAuthority, createTestCertificate } from './test-certificate.ts';

/** A client that is past the greeting. */
async function greeted(sink: SmtpSink): Promise<PeerConnection> {
  const client = new PeerConnection(connect(sink.port, sink.host));
  await client.expect(/^220 /);
  return client;
}

/** Say EHLO; gives the extensions. */
async function ehlo(client: PeerConnection): Promise<string[]> {
  await client.send('EHLO client.test\r\n');
  const lines: string[] = [];
  do lines.push(await client.line());
  while (lines.at(-1)?.startsWith('250-'));
  return lines.slice(1).map((line) => line.slice(4));
}

async function say(client: PeerConnection, command: string, reply: RegExp): Promise<void> {
  await client.send(`${command}\r\n`);
  await client.expect(reply);
}

describe('SMTP sink', () => {
  test('keeps envelope, headers and bytes of a message it answered 250 for', async () => {
    await using sink = await startSmtpSink();
    const client = await greeted(sink);
    await ehlo(client);
    await say(client, 'MAIL FROM:<from@a.test>', /^250 /);
    await say(client, 'RCPT TO:<one@b.test>', /^250 /);
    await say(client, 'RCPT TO:<two@b.test>', /^250 /);
    await say(client, 'DATA', /^354 /);
    const raw = 'Message-ID: <1@a.test>\r\nSubject: two\r\n lines\r\n\r\n.dot\r\n';
    await say(client, `${raw.replace('\n.', '\n..')}.`, /^250 /);
    const [message] = await sink.waitFor(1);
    expect(message).toMatchObject({
      from: 'from@a.test',
      to: ['one@b.test', 'two@b.test'],
      messageId: '<1@a.test>',
      secure: false,
    });
    expect(message?.raw.toString()).toBe(raw);
    expect(message?.headers.get('subject')).toEqual(['two lines']);
    expect(sink.connections).toEqual({ total: 1, open: 1, peak: 1 });
  });

  test('550 for one address and 451 at the first try of another, as told', async () => {
    await using sink = await startSmtpSink({
      onRcpt(address, attempt) {
        if (address === 'dead@b.test') return { code: 550, text: '5.1.1 no such user' };
        return attempt === 1 ? { code: 451, text: '4.2.0 try later' } : null;
      },
    });
    const client = await greeted(sink);
    await ehlo(client);
    await say(client, 'MAIL FROM:<>', /^250 /);
    await say(client, 'RCPT TO:<dead@b.test>', /^550 5\.1\.1 no such user$/);
    await say(client, 'RCPT TO:<dead@b.test>', /^550 /);
    await say(client, 'RCPT TO:<slow@b.test>', /^451 4\.2\.0 try later$/);
    await say(client, 'RCPT TO:<slow@b.test>', /^250 /);
  });

  test('452 after the dot keeps no message, the second try is kept', async () => {
    await using sink = await startSmtpSink({
      onMessage: (_message, attempt) => (attempt === 1 ? { code: 452, text: '4.3.1 full' } : null),
    });
    const client = await greeted(sink);
    await ehlo(client);
    for (const reply of [/^452 4\.3\.1 full$/, /^250 /]) {
      await say(client, 'MAIL FROM:<from@a.test>', /^250 /);
      await say(client, 'RCPT TO:<to@b.test>', /^250 /);
      await say(client, 'DATA', /^354 /);
      await say(client, 'Message-ID: <1@a.test>\r\n\r\nbody\r\n.', reply);
    }
    expect(sink.messages).toHaveLength(1);
  });

  test('disconnect in DATA keeps no message', async () => {
    await using sink = await startSmtpSink();
    const client = await greeted(sink);
    await ehlo(client);
    await say(client, 'MAIL FROM:<from@a.test>', /^250 /);
    await say(client, 'RCPT TO:<to@b.test>', /^250 /);
    await say(client, 'DATA', /^354 /);
    await client.send('Subject: half\r\n\r\nbody\r\n.');
    client.reset();
    const other = await greeted(sink);
    await say(other, 'NOOP', /^250 /);
    expect(sink.messages).toEqual([]);
  });

  test('a message over the size is answered 552 and not kept', async () => {
    await using sink = await startSmtpSink({ maxBytes: 100 });
    const client = await greeted(sink);
    expect(await ehlo(client)).toContain('SIZE 100');
    await say(client, 'MAIL FROM:<from@a.test>', /^250 /);
    await say(client, 'RCPT TO:<to@b.test>', /^250 /);
    await say(client, 'DATA', /^354 /);
    await say(client, `\r\n${'x'.repeat(200)}\r\n.`, /^552 /);
    expect(sink.messages).toEqual([]);
  });

  test('a hidden extension is not announced', async () => {
    await using open = await startSmtpSink();
    expect(await ehlo(await greeted(open))).toEqual(expect.arrayContaining(['PIPELINING', '8BITMIME']));
    await using hiding = await startSmtpSink({ hide: ['PIPELINING', 'SIZE', 'DSN'] });
    expect(await ehlo(await greeted(hiding))).toEqual(['8BITMIME', 'SMTPUTF8']);
  });

  test('with users it wants AUTH, and refuses a wrong password with 535', async () => {
    await using sink = await startSmtpSink({ users: { ann: 'secret' } });
    const client = await greeted(sink);
    await ehlo(client);
    await say(client, 'MAIL FROM:<from@a.test>', /^530 /);
    const plain = (password: string): string => Buffer.from(`\0ann\0${password}`).toString('base64');
    await say(client, `AUTH PLAIN ${plain('wrong')}`, /^535 /);
    await say(client, `AUTH PLAIN ${plain('secret')}`, /^235 /);
    await say(client, 'MAIL FROM:<from@a.test>', /^250 /);
  });

  test('implicit TLS shows the certificate that was supplied', async () => {
    const issuer = createTestAuthority();
    const certificate = createTestCertificate({ issuer });
    await using sink = await startSmtpSink({ tls: { ...certificate, mode: 'implicit' } });
    const socket = connectTls({ port: sink.port, host: sink.host, ca: issuer.cert });
    await once(socket, 'secureConnect');
    const client = new PeerConnection(socket);
    await client.expect(/^220 /);
    expect(socket.authorized).toBe(true);
    expect(await ehlo(client)).not.toContain('STARTTLS');
  });

  test('STARTTLS turns the session to TLS, and passwords are refused before', async () => {
    const issuer = createTestAuthority();
    const certificate = createTestCertificate({ issuer });
    await using sink = await startSmtpSink({ tls: { ...certificate, mode: 'starttls' }, users: { ann: 'secret' } });
    const plain = connect(sink.port, sink.host);
    const client = new PeerConnection(plain);
    await client.expect(/^220 /);
    expect(await ehlo(client)).toContain('STARTTLS');
    const login = `AUTH PLAIN ${Buffer.from('\0ann\0secret').toString('base64')}`;
    await say(client, login, /^538 /);
    await say(client, 'STARTTLS', /^220 /);
    const socket = connectTls({ socket: plain, host: sink.host, ca: issuer.cert });
    await once(socket, 'secureConnect');
    const secure = new PeerConnection(socket);
    await ehlo(secure);
    await say(secure, login, /^235 /);
  });

  test('closing does not wait for a client in the middle of DATA', async () => {
    const sink = await startSmtpSink();
    const client = await greeted(sink);
    await ehlo(client);
    await say(client, 'MAIL FROM:<from@a.test>', /^250 /);
    await say(client, 'RCPT TO:<to@b.test>', /^250 /);
    await say(client, 'DATA', /^354 /);
    const vain = expect(sink.waitFor(1)).rejects.toThrow('closed');
    await sink.close();
    await vain;
    await expect(client.line()).rejects.toThrow('closed');
  });
});

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { PeerConnection } from './peer-connection.ts';
import { startScriptedPeer } from './scripted-peer.ts';
import { createTestCertificate } from './test-certificate.ts';

describe('scripted peer', () => {
  test('plays an SMTP dialogue and hands over the body as it came', async () => {
    let body = '';
    await using peer = await startScriptedPeer(async (client) => {
      await client.send('220 peer.test\r\n');
      const [, name] = await client.expect(/^EHLO (\S+)$/);
      await client.send(`250 hello ${name}\r\n`);
      await client.expect(/^DATA$/);
      await client.sendSlowly('354 go\r\n', { pauseMs: 0 });
      body = (await client.readBody()).toString();
      await client.send('250 ok\r\n');
    });
    const client = new PeerConnection(connect(peer.port, peer.host));
    await client.expect(/^220 peer\.test$/);
    await client.send('EHLO client.test\r\n');
    await client.expect(/^250 hello client\.test$/);
    await client.send('DATA\r\n');
    await client.expect(/^354 go$/);
    await client.send('..stuffed\r\n\r\nbare \n line\r\n');
    await client.send('.\r\n');
    await client.expect(/^250 ok$/);
    await peer.done();
    expect(body).toBe('..stuffed\r\n\r\nbare \n line\r\n');
    expect(peer.connections).toBe(1);
  });

  test('reads an HTTP request by its length', async () => {
    await using peer = await startScriptedPeer(async (client) => {
      const head = (await client.readUntil('\r\n\r\n')).toString();
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      const body = await client.read(length);
      await client.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      await client.send(body);
    });
    const response = await fetch(`http://127.0.0.1:${peer.port}/`, { method: 'POST', body: 'hello' });
    expect(await response.text()).toBe('hello');
    await peer.done();
  });

  test('done() throws the line that did not match', async () => {
    await using peer = await startScriptedPeer(async (client) => {
      await client.expect(/^EHLO /);
    });
    const client = new PeerConnection(connect(peer.port, peer.host));
    await client.send('HELO client.test\r\n');
    await expect(peer.done()).rejects.toThrow('got "HELO client.test"');
  });

  test('disposing throws the error of a script that nobody asked for', async () => {
    const peer = await startScriptedPeer(async (client) => {
      await client.expect(/^EHLO /);
    });
    const client = new PeerConnection(connect(peer.port, peer.host));
    await client.send('HELO client.test\r\n');
    await expect(client.line()).rejects.toThrow('closed');
    await expect(peer[Symbol.asyncDispose]()).rejects.toThrow('got "HELO client.test"');
  });

  test('done() throws when the client leaves too early', async () => {
    await using peer = await startScriptedPeer(async (client) => {
      await client.expect(/^EHLO /);
      await client.expect(/^MAIL /);
    });
    const client = new PeerConnection(connect(peer.port, peer.host));
    await client.send('EHLO client.test\r\nMAI');
    const done = expect(peer.done()).rejects.toThrow('unread so far: "MAI"');
    await client.close();
    await done;
  });

  test('reset() ends the connection with ECONNRESET', async () => {
    await using peer = await startScriptedPeer(async (client) => {
      await client.expect(/^EHLO /);
      client.reset();
    });
    const socket = connect(peer.port, peer.host);
    socket.write('EHLO client.test\r\n');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    await peer.done();
  });

  test('a client that answers the end of a script with an RST is no failure', async () => {
    await using peer = await startScriptedPeer(async (client) => {
      await client.send('bye\r\n');
      await client.close();
    });
    const socket = connect({ port: peer.port, host: peer.host, allowHalfOpen: true });
    const client = new PeerConnection(socket);
    await client.expect(/^bye$/);
    await expect(client.line()).rejects.toThrow('closed while waiting');
    client.reset();
    await peer.done();
  });

  test('hang() lasts until the client gives up', async () => {
    await using peer = await startScriptedPeer((client) => client.hang());
    const client = new PeerConnection(connect(peer.port, peer.host));
    await client.send('EHLO client.test\r\n');
    await client.close();
    await peer.done();
  });

  test('closing does not wait for a script that hangs', async () => {
    const peer = await startScriptedPeer((client) => client.hang({ reading: false }));
    const socket = connect(peer.port, peer.host).on('error', () => {});
    await once(socket, 'connect');
    await peer.close();
  });

  test('startTls() upgrades the connection in the middle', async () => {
    const certificate = createTestCertificate();
    await using peer = await startScriptedPeer(async (client) => {
      await client.expect(/^STARTTLS$/);
      await client.send('220 go\r\n');
      await client.startTls(certificate);
      await client.expect(/^EHLO /);
      await client.send('250 secret\r\n');
    });
    const plain = connect(peer.port, peer.host);
    const client = new PeerConnection(plain);
    await client.send('STARTTLS\r\n');
    await client.expect(/^220 go$/);
    const socket = connectTls({ socket: plain, host: 'localhost', ca: certificate.cert });
    const secure = new PeerConnection(socket);
    await secure.send('EHLO client.test\r\n');
    await secure.expect(/^250 secret$/);
    await peer.done();
    expect(socket.authorized).toBe(true);
  });

  test('with tls it speaks TLS from the first byte, and an expired certificate is seen as such', async () => {
    const certificate = createTestCertificate({ validFrom: new Date('2020-01-01'), validTo: new Date('2021-01-01') });
    await using peer = await startScriptedPeer(async (client) => client.send('220 peer.test\r\n'), {
      tls: certificate,
    });
    const socket = connectTls({ port: peer.port, host: 'localhost', ca: certificate.cert });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'CERT_HAS_EXPIRED' });
  });
});

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type Loopback, listenOnLoopback } from './loopback.ts';
import { Recording } from './recording.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A server that answers `echo: ` and what it was told, behind a proxy. */
interface Echo extends AsyncDisposable {
  readonly proxy: TcpProxy;
  readonly told: Recording<string>;
  client(): Promise<Socket>;
}

async function startEcho(): Promise<Echo> {
  const told = new Recording<string>('line at the echo server');
  const server: Loopback = await listenOnLoopback(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.setEncoding('utf8').on('data', (text: string) => {
        told.add(text);
        socket.write(`echo: ${text}`);
      });
    }),
  );
  const proxy = await startTcpProxy(server.port);
  return {
    proxy,
    told,
    async client() {
      const socket = connect(proxy.port, '127.0.0.1').setEncoding('utf8');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    },
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await server.close();
    },
  };
}

/** Unlike `once`, not put off by the error that comes before. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function ask(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [answer] = await once(client, 'data');
  return String(answer);
}

test('what passes is not changed, and a cut ends all connections and none that comes later', async () => {
  await using echo = await startEcho();
  const client = await echo.client();
  expect(await ask(client, 'one')).toBe('echo: one');
  const closed = closing(client);
  echo.proxy.cutAll();
  await closed;
  expect(await ask(await echo.client(), 'two')).toBe('echo: two');
  expect(echo.proxy.connections).toBe(2);
});

test('a server that swallows takes connections and answers nothing, until it passes again', async () => {
  await using echo = await startEcho();
  echo.proxy.mode = 'swallow';
  const client = await echo.client();
  client.write('lost');
  const intercepting = echo.proxy.intercept('marker');
  client.write('marker');
  await intercepting;
  echo.proxy.mode = 'pass';
  expect(await ask(await echo.client(), 'heard')).toBe('echo: heard');
  expect(echo.told.items).toEqual(['heard']);
});

test('while it cuts, new connections end at once', async () => {
  await using echo = await startEcho();
  echo.proxy.mode = 'cut';
  const client = connect(echo.proxy.port, '127.0.0.1').on('error', () => undefined);
  await closing(client);
  echo.proxy.mode = 'pass';
  expect(await ask(await echo.client(), 'back')).toBe('echo: back');
});

test('an intercepted request is answered by the server, and its client never hears of it', async () => {
  await using echo = await startEcho();
  const client = await echo.client();
  const heard: string[] = [];
  client.on('data', (text) => heard.push(String(text)));
  const intercepting = echo.proxy.intercept('commit');
  client.write('commit');
  const held = await intercepting;
  expect(echo.told.items).toEqual([]);
  held.deliver();
  await held.answered;
  const closed = closing(client);
  held.cut();
  await closed;
  expect(echo.told.items).toEqual(['commit']);
  expect(heard).toEqual([]);
});

test('an intercepted request can reach the server after its client was cut off', async () => {
  await using echo = await startEcho();
  const client = await echo.client();
  const intercepting = echo.proxy.intercept('commit');
  client.write('commit');
  const held = await intercepting;
  const closed = closing(client);
  held.cutClient();
  await closed;
  held.deliver();
  await held.answered;
  expect(echo.told.items).toEqual(['commit']);
});

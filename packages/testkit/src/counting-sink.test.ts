// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startCountingSink } from './counting-sink.ts';
import { spawnCountingSink } from './counting-sink-process.ts';
import { eventually } from './eventually.ts';
import { PeerConnection } from './peer-connection.ts';

const ENVELOPE = 'MAIL FROM:<a@a.test>\r\nRCPT TO:<one@b.test>\r\nRCPT TO:<two@b.test>\r\nDATA\r\n';

async function dial(port: number): Promise<PeerConnection> {
  const client = new PeerConnection(connect(port, '127.0.0.1'));
  await client.expect(/^220 /);
  await client.send('EHLO client.test\r\n');
  await client.readUntil('250 SIZE 104857600\r\n');
  return client;
}

/** Say MAIL, RCPT, RCPT and DATA in one write. */
async function openMessage(client: PeerConnection): Promise<void> {
  await client.send(ENVELOPE);
  for (const reply of [/^250 /, /^250 /, /^250 /, /^354 /]) await client.expect(reply);
}

describe('counting sink', () => {
  test('records ids, recipients and both times of a message', async () => {
    await using sink = await startCountingSink();
    const client = await dial(sink.port);
    await openMessage(client);
    await client.send('Message-ID: <1@a.test>\r\nX-Genro-Mail-ID: m-1\r\n\r\nbody\r\n.\r\n');
    await client.expect(/^250 /);
    const answered = await sink.waitFor((message) => message.mailId === 'm-1');
    await eventually(() => answered.answeredAt !== undefined);
    expect(answered).toMatchObject({
      connection: 1,
      from: 'a@a.test',
      recipients: ['one@b.test', 'two@b.test'],
      messageId: '<1@a.test>',
    });
    expect(answered.answeredAt).toBeGreaterThanOrEqual(answered.receivedAt);
    expect(sink.counts()).toMatchObject({ connections: 1, transactions: 1, answered: 1, recipients: 2, aborted: 0 });
  });

  test('a client killed inside the body leaves no record', async () => {
    await using sink = await startCountingSink();
    const client = await dial(sink.port);
    await openMessage(client);
    await client.send('Message-ID: <1@a.test>\r\n\r\nbody\r\n.\r');
    client.reset();
    await eventually(() => sink.counts().openConnections === 0);
    expect(sink.messages).toEqual([]);
    expect(sink.counts()).toMatchObject({ transactions: 0, aborted: 1 });
  });

  test('a client killed behind the dot leaves a record', async () => {
    await using sink = await startCountingSink({ latencyMs: 2_000 });
    const client = await dial(sink.port);
    await openMessage(client);
    await client.send('Message-ID: <1@a.test>\r\n\r\nbody\r\n.\r\n');
    const [message] = await sink.waitFor(1);
    client.reset();
    await eventually(() => sink.counts().openConnections === 0);
    expect(message?.messageId).toBe('<1@a.test>');
    expect(message?.answeredAt).toBeUndefined();
    expect(sink.counts()).toMatchObject({ transactions: 1, answered: 0, aborted: 0 });
  });

  test('replies keep their order when they are late', async () => {
    await using sink = await startCountingSink({ latencyMs: 5 });
    const client = await dial(sink.port);
    for (const command of ['NOOP', 'VRFY', 'NOOP', 'VRFY']) await client.send(`${command}\r\n`);
    for (const reply of [/^250/, /^502/, /^250/, /^502/]) await client.expect(reply);
  });

  test('in a process of its own it counts the same', async () => {
    await using sink = await spawnCountingSink();
    const client = await dial(sink.port);
    await openMessage(client);
    await client.send('Message-ID: <1@a.test>\r\nX-Genro-Mail-ID: m-1\r\n\r\nbody\r\n.\r\n');
    await client.expect(/^250 /);
    await sink.waitFor(1);
    expect(await sink.counts()).toMatchObject({ connections: 1, transactions: 1, recipients: 2 });
    expect(await sink.messages()).toMatchObject([{ messageId: '<1@a.test>', mailId: 'm-1' }]);
    expect(await sink.tally('m', 2)).toMatchObject({ arrived: 1, missing: 1, duplicates: 0 });
    await expect(sink.waitFor(2, { timeoutMs: 1 })).rejects.toThrow('1 so far');
    const unanswered = expect(sink.waitFor(2)).rejects.toThrow('is gone');
    await sink.stop();
    await unanswered;
  });
});

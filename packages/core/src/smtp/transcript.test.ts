// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { aTransaction, openTestSession, type PeerConnection, relayAt, serve, startPeer } from './scripted-peer.case.ts';
import { standingClock } from './standing-clock.case.ts';
import { MAX_TRANSCRIPT_CHARACTERS, MAX_TRANSCRIPT_LINES, Transcript } from './transcript.ts';

/** What was said, without when. */
function said(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/^\+\d+ms /, ''));
}

describe('the lines', () => {
  test('say when, who and what', () => {
    const { clock, advance } = standingClock();
    const transcript = new Transcript(clock);
    advance(12.4);
    transcript.client('MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n');
    advance(30);
    transcript.server({ code: 250, enhanced: '2.1.0' }, ['ok']);
    transcript.server({ code: 550, enhanced: null }, ['no', 'never']);
    transcript.clientBytes(3_204);
    transcript.clientBytes(65_536, 1_000_000);
    expect(transcript.lines).toEqual([
      '+12ms C: MAIL FROM:<a@x.test>',
      '+12ms C: RCPT TO:<b@y.test>',
      '+42ms S: 250 2.1.0 ok',
      '+42ms S: 550-no',
      '+42ms S: 550 never',
      '+42ms C: (3,204 bytes)',
      '+42ms C: (65,536 of 1,000,000 bytes)',
    ]);
  });

  test('are cut in the middle, and say so', () => {
    const transcript = new Transcript(standingClock().clock);
    for (let count = 1; count <= 100; count += 1) transcript.note(`line ${count}`);
    const lines = said(transcript.lines);
    expect(lines).toHaveLength(MAX_TRANSCRIPT_LINES);
    expect(lines.slice(29, 32)).toEqual(['* line 30', '[41 lines left out]', '* line 72']);
    expect(lines.at(-1)).toBe('* line 100');
  });

  test('are never too many or too long, whatever is said, and the last one is the last', () => {
    const text = fc.string({ unit: 'binary', maxLength: 500 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 150 }), (texts) => {
        const transcript = new Transcript(standingClock().clock);
        for (const each of texts) transcript.server({ code: 250, enhanced: null }, [each]);
        const { lines } = transcript;
        expect(lines).toHaveLength(Math.min(texts.length, MAX_TRANSCRIPT_LINES));
        for (const line of lines) {
          expect(line.length).toBeLessThanOrEqual(MAX_TRANSCRIPT_CHARACTERS);
          expect(line.isWellFormed() || !texts.every((each) => each.isWellFormed())).toBe(true);
        }
        const last = texts.at(-1);
        if (last !== undefined && last.length < 100) expect(lines.at(-1)).toBe(`+0ms S: 250 ${last}`);
      }),
    );
  });

  test('begin anew when restarted', () => {
    const { clock, advance } = standingClock();
    const transcript = new Transcript(clock);
    for (let count = 0; count < 100; count += 1) transcript.note('old');
    advance(1_000);
    transcript.restart();
    transcript.note('new');
    expect(transcript.lines).toEqual(['+0ms * new']);
  });
});

describe('of a session', () => {
  test('the first transaction has the opening in front, the next one stands alone', async () => {
    await using peer = await startPeer((connection) => serve(connection, { extensions: ['SIZE 1000'] }));
    using session = await openTestSession(relayAt(peer.port));
    await session.send(aTransaction());
    const transaction = [
      'C: MAIL FROM:<from@sender.test> SIZE=26',
      'S: 250 2.1.0 ok',
      'C: RCPT TO:<a@rcpt.test>',
      'S: 250 2.1.5 ok',
      'C: DATA',
      'S: 354 go ahead',
      'C: (26 bytes)',
      'S: 250 2.0.0 queued',
    ];
    expect(said(session.transcript)).toEqual([
      `* connected to 127.0.0.1 port ${peer.port}`,
      'S: 220 relay.test ESMTP',
      'C: EHLO proxy.test',
      'S: 250-relay.test',
      'S: 250 SIZE 1000',
      ...transaction,
    ]);
    await session.send(aTransaction());
    expect(said(session.transcript)).toEqual(transaction);
  });

  test('a pipelined group stands before its replies', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    await session.send(aTransaction());
    await session.send(aTransaction({ to: ['a@rcpt.test', 'b@rcpt.test'] }));
    expect(said(session.transcript).map((line) => line.slice(0, 7))).toEqual([
      ...['C: MAIL', 'C: RCPT', 'C: RCPT', 'C: DATA'],
      ...['S: 250 ', 'S: 250 ', 'S: 250 ', 'S: 354 ', 'C: (26 ', 'S: 250 '],
    ]);
  });

  test('what could not be sent says why, without the words of the transaction before', async () => {
    await using peer = await startPeer((connection) => serve(connection, { extensions: ['SIZE 30'] }));
    using session = await openTestSession(relayAt(peer.port));
    await session.send(aTransaction());
    await session.send(aTransaction({ body: Buffer.from('Subject: this is far too large\r\n\r\n') }));
    expect(said(session.transcript)).toEqual([expect.stringMatching(/^\* 552 5\.3\.4 \[mail-proxy, not sent\]/)]);
    session.destroy();
    await session.send(aTransaction());
    expect(said(session.transcript)).toEqual(['* not sent: closed by this side']);
  });

  test('a connection that is lost in the body says how far it came and why it ended', async () => {
    const cutInBody = async (_: string, connection: PeerConnection): Promise<string> => {
      connection.say('354 go');
      await connection.received(1);
      connection.reset();
      return '';
    };
    await using peer = await startPeer((connection) =>
      serve(connection, { extensions: [], answers: { DATA: cutInBody } }),
    );
    using session = await openTestSession(relayAt(peer.port));
    const body = Buffer.alloc(20_000_000, 'a line of text that fills the buffers of the kernel\r\n');
    expect(await session.send(aTransaction({ body }))).toMatchObject([{ status: 'broken', fault: { stage: 'body' } }]);
    expect(said(session.transcript).slice(-2)).toEqual([
      expect.stringMatching(/^C: \([\d,]+ of 20,000,000 bytes\)$/),
      expect.stringMatching(/^\* reset at body: /),
    ]);
  });

  test.each([
    ['PLAIN', ['C: AUTH PLAIN [redacted]', 'S: 535 5.7.8 no [redacted]']],
    ['LOGIN', ['C: AUTH LOGIN', 'S: 535 5.7.8 no hunter']],
  ])('AUTH %s shows no secret, not even one that the relay repeats', async (mechanism, wanted) => {
    const password = 'hunter22';
    const plain = Buffer.from(`\0me\0${password}`).toString('base64');
    const answers = { AUTH: () => (mechanism === 'PLAIN' ? `535 5.7.8 no ${plain}` : '535 5.7.8 no hunter') };
    await using peer = await startPeer((connection) =>
      serve(connection, { extensions: [`AUTH ${mechanism}`], answers }),
    );
    const relay = relayAt(peer.port, { auth: { user: 'me', method: 'auto', password } });
    const error: unknown = await openTestSession(relay, { clock: systemClock }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ transcript: expect.any(Array) });
    const { transcript } = error as { transcript: readonly string[] };
    expect(said(transcript).slice(5, 7)).toEqual(wanted);
    expect(transcript.join()).not.toContain(plain);
    expect(transcript.join()).not.toContain(password);
  });

  test('a password that the relay repeats after AUTH is neither in the transcript nor in its reply', async () => {
    const password = 'hunter22';
    const answers = { AUTH: () => '235 ok', RCPT: () => `550 5.7.1 no such user as HUNTER22, ${password}` };
    await using peer = await startPeer((connection) => serve(connection, { extensions: ['AUTH PLAIN'], answers }));
    const relay = relayAt(peer.port, { auth: { user: 'me', method: 'auto', password } });
    using session = await openTestSession(relay);
    const [reply] = await session.send(aTransaction());
    expect(reply).toMatchObject({ status: 'refused', reply: { text: 'no such user as [redacted], [redacted]' } });
    expect(session.transcript.join()).toContain('550 5.7.1 no such user as [redacted], [redacted]');
  });
});

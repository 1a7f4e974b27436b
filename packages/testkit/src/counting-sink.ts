// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CountedTransaction, CountingSession } from './counting-session.ts';
import { listenOnLoopback } from './loopback.ts';
import { Recording } from './recording.ts';
import { type Tally, tally } from './tally.ts';

/** A message whose final dot arrived. Times are milliseconds since the epoch, with fractions. */
export interface CountedMessage extends CountedTransaction {
  /** Ordinal of the connection it came on, from 1. */
  readonly connection: number;
  /** When the dot was read. */
  readonly receivedAt: number;
  /**
   * When the system took the 250; undefined when the client was gone by then. That the system took it does not mean
   * that the client read it: a client killed in between leaves a message that is answered here and unknown there.
   */
  readonly answeredAt: number | undefined;
}

export interface CountingSinkCounts {
  /** Connections there ever were. */
  readonly connections: number;
  readonly openConnections: number;
  readonly peakConnections: number;
  /** Messages whose dot arrived. */
  readonly transactions: number;
  /** Those of them whose 250 was written. */
  readonly answered: number;
  readonly recipients: number;
  /** Bytes of the messages, dot-stuffing included. */
  readonly bytes: number;
  /** Transactions that ended with their connection, before the dot: nothing is recorded of them. */
  readonly aborted: number;
}

export interface CountingSinkOptions {
  /**
   * Milliseconds by which every reply is late, as if the relay were that far away (whole round trip).
   * @defaultValue 0
   */
  readonly latencyMs?: number;
  /**
   * What SIZE announces, in bytes; it is not enforced.
   * @defaultValue 104857600
   */
  readonly maxBytes?: number;
}

export interface CountingSink extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  counts(): CountingSinkCounts;
  readonly messages: readonly CountedMessage[];
  /** Count which of the messages `PREFIX-1` to `PREFIX-COUNT` arrived. */
  tally(prefix: string, count: number): Tally;
  /** Wait for a number of messages, or for the first that matches. */
  waitFor: Recording<CountedMessage>['waitFor'];
  /** Cut all connections and stop listening. What was counted stays readable. */
  stop(): Promise<void>;
}

/**
 * Start an SMTP server that accepts everything, counts it and keeps the ids: for load, for benches, and for tests
 * that kill the client. It pipelines, and a client may vanish at any byte.
 */
export async function startCountingSink(options: CountingSinkOptions = {}): Promise<CountingSink> {
  const { latencyMs = 0, maxBytes = 104_857_600 } = options;
  const recording = new Recording<CountedMessage>('message at the counting sink');
  const counts = {
    connections: 0,
    openConnections: 0,
    peakConnections: 0,
    transactions: 0,
    answered: 0,
    recipients: 0,
    bytes: 0,
    aborted: 0,
  };

  function serve(socket: Socket): void {
    counts.connections += 1;
    counts.openConnections += 1;
    counts.peakConnections = Math.max(counts.peakConnections, counts.openConnections);
    const connection = counts.connections;
    const session = new CountingSession(maxBytes);
    // replies keep their order: each waits for the one before, then for its own moment
    let lastReply: Promise<void> = Promise.resolve();
    const later = (write: () => void): void => {
      const due = sleep(latencyMs, undefined, { ref: false });
      lastReply = lastReply.then(() => due).then(write);
    };
    const answer = latencyMs > 0 ? later : (write: () => void): void => write();

    socket.setNoDelay(true);
    socket.on('error', () => {
      // the client was cut off; 'close' follows
    });
    socket.once('close', () => {
      counts.openConnections -= 1;
      if (session.inTransaction) counts.aborted += 1;
    });
    socket.on('data', (chunk) => {
      const { reply, accepted, quit } = session.feed(chunk);
      const messages = accepted.map((transaction) => record(transaction, connection));
      if (reply === '') return;
      answer(() => {
        socket.write(reply, 'latin1', (failed) => {
          if (!failed) for (const message of messages) markAnswered(message);
        });
        if (quit) socket.end();
      });
    });
    answer(() => socket.write('220 sink.test ESMTP\r\n'));
  }

  function record(transaction: CountedTransaction, connection: number): Answerable {
    const message = { ...transaction, connection, receivedAt: epochMs(), answeredAt: undefined };
    counts.transactions += 1;
    counts.recipients += message.recipients.length;
    counts.bytes += message.bytes;
    recording.add(message);
    return message;
  }

  function markAnswered(message: Answerable): void {
    message.answeredAt = epochMs();
    counts.answered += 1;
  }

  const loopback = await listenOnLoopback(createServer(serve));
  const stop = async (): Promise<void> => {
    await loopback.close();
    recording.close();
  };
  return {
    host: '127.0.0.1',
    port: loopback.port,
    counts: () => ({ ...counts }),
    messages: recording.items,
    tally: (prefix, count) => tally(recording.items, prefix, count),
    waitFor: recording.waitFor.bind(recording),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The record while its 250 is on the way. */
type Answerable = CountedMessage & { answeredAt: number | undefined };

/** Wall time finer than `Date.now`, and comparable between processes of one machine. */
function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

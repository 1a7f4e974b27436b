// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that spawnCountingSink starts: a counting sink, steered over the IPC channel.
import { type CountingSink, type CountingSinkOptions, startCountingSink } from './counting-sink.ts';
import type { SinkAnswer, SinkRequest } from './counting-sink-process.ts';

// written by spawnCountingSink of the same version
const options = JSON.parse(process.argv[2] ?? '{}') as CountingSinkOptions;
const sink = await startCountingSink(options);

process.on('message', (said) => {
  const request = said as SinkRequest; // from spawnCountingSink, as above
  answer(sink, request).then(
    (result) => say({ id: request.id, result }),
    (error: unknown) => say({ id: request.id, error: String(error) }),
  );
});
// the parent is gone, however it went: nobody needs the sink
process.on('disconnect', () => process.exit(0));
say({ ready: sink.port });

async function answer(from: CountingSink, request: SinkRequest): Promise<unknown> {
  switch (request.ask) {
    case 'counts':
      return from.counts();
    case 'messages':
      return from.messages;
    case 'tally':
      return from.tally(request.prefix, request.count);
    case 'waitFor':
      await from.waitFor(request.count, request.options);
      return undefined;
    default:
      return request satisfies never;
  }
}

function say(answer: SinkAnswer): void {
  process.send?.(answer);
}

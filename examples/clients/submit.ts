// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Posts one message and waits for its outcome: node submit.ts ORDER ADDRESS
import { setTimeout } from 'node:timers/promises';
import { createClient } from '@mail-proxy/client';

const [order = '1', address = 'ada@example.org'] = process.argv.slice(2);
const client = createClient({
  url: process.env['GMP_URL'] ?? 'http://127.0.0.1:8000',
  token: process.env['GMP_API_TOKEN'],
});
const id = `order-${order}`;

// The key lets the client try again where no answer came: the second request is answered as the first one.
await client.messages.create(
  { id, from: 'shop@shop.example', to: address, subject: `Your order ${order}`, text: 'It is on its way.' },
  { idempotencyKey: id },
);

let message = await client.messages.get({ message_id: id });
while (message.state !== 'final') {
  await setTimeout(500);
  message = await client.messages.get({ message_id: id });
}
console.log(`${id}: ${message.result}`);

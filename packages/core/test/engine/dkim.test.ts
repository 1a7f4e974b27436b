// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { expect, test } from 'vitest';
import { dkimKeyOutput } from '../../src/entities/dkim-key/dkim-key.schema.ts';
import { validate } from '../../src/operations/validate.ts';
import { addAccount, type EngineWorld, mail, openWorld } from './engine-world.case.ts';

/** Names of published records, and what they say. */
type Published = Map<string, string>;

/** Make a key, and publish its record as the answer says it. */
async function addKey({ engine }: EngineWorld, published: Published, fields: object): Promise<void> {
  const key = validate(dkimKeyOutput, await engine.execute('dkim-keys.create', { tenant_id: 'default', ...fields }));
  published.set(key.dns_name, key.dns_value);
}

/** What an independent verifier says of each signature at the relay. */
async function verified(message: Buffer, published: Published): Promise<readonly string[]> {
  const { results } = await dkimVerify(message, {
    resolver: async (name) => {
      const record = published.get(name);
      return record === undefined ? [] : [[record]];
    },
  });
  return results
    .filter(({ status }) => status.result !== 'none')
    .map(({ selector, signingDomain, status }) => `${selector}@${signingDomain} ${status.result}`)
    .toSorted();
}

test('mail arrives signed by the keys of its domain, with those of its account beside them, by RSA and Ed25519', async () => {
  const published: Published = new Map();
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  await addAccount(world, sink, { id: 'main', is_default: true });
  await addAccount(world, sink, { id: 'other' });
  await addKey(world, published, { domain: 'example.com', selector: 'r1', generate: 'rsa' });
  await addKey(world, published, { domain: 'example.com', selector: 'e1', generate: 'ed25519' });
  await addKey(world, published, { domain: 'example.com', selector: 'own', generate: 'ed25519', account_id: 'other' });
  await addKey(world, published, { domain: 'shop.example.com', selector: 'r2', generate: 'rsa' });
  const mails = [
    { fields: { from: 'a@example.com' }, signatures: ['e1@example.com pass', 'r1@example.com pass'] },
    {
      fields: { from: 'a@example.com', account_id: 'other' },
      signatures: ['e1@example.com pass', 'own@example.com pass', 'r1@example.com pass'],
    },
    { fields: { from: 'Perché <a@shop.example.com>' }, signatures: ['r2@shop.example.com pass'] },
    { fields: { from: 'a@mail.example.com' }, signatures: ['e1@example.com pass', 'r1@example.com pass'] },
    { fields: { from: 'a@example.net' }, signatures: [] },
  ];
  const text = 'Ciao, perché no?\n.dots\n'.repeat(40);
  await world.engine.submit(
    mails.map(({ fields }, index) =>
      mail(`m${index}`, { html: `<p>${text}</p>`, headers: { 'X-Note': 'ü' }, ...fields, text }),
    ),
  );
  await sink.waitFor(mails.length);
  for (const [index, { signatures }] of mails.entries()) {
    const arrived = sink.messages.find(({ raw }) => raw.includes(`\r\nSubject: m${index}\r\n`));
    expect(await verified(arrived?.raw ?? Buffer.alloc(0), published), `m${index}`).toEqual(signatures);
  }
});

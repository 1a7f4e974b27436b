// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PeerConnection } from '@mail-proxy/testkit';
import type { Random } from '../../src/clock.ts';

/** A message that the relay took: its dot arrived, whatever the sender learnt of it. */
export interface Taking {
  readonly mailId: string;
  readonly to: readonly string[];
  /** Whether the 250 was written. */
  readonly answered: boolean;
  /** Count of what happened in the world before it. */
  readonly at: number;
}

const CUT_AFTER_DOT = 0.15;

/** What the relay does at one step of a dialogue. */
type Whim = 'fine' | 'cut' | 'later' | 'never' | 'busy';

/**
 * A relay that goes wrong at every step, by a seeded chance: cuts before and after each command, refuses for now and
 * for good, takes a message and vanishes without a word. What it took is the truth that the database is held against.
 */
export class FickleRelay {
  readonly takings: Taking[] = [];
  /** All goes well from now on. */
  isKind = false;
  /** Refuses the password, as after somebody changed it. */
  refusesPassword = false;
  readonly #random: Random;
  readonly #now: () => number;
  #epoch = 0;
  readonly #clients = new Set<PeerConnection>();

  /** @param now count of what happened in the world so far */
  constructor(random: Random, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  /** The name that the living engine gives with EHLO; one that was killed does not reach the relay any more. */
  clientName = '';

  /** All connections break. */
  cutAll(): void {
    this.#epoch += 1;
    for (const client of this.#clients) client.reset();
    this.#clients.clear();
  }

  async serve(client: PeerConnection): Promise<void> {
    const epoch = this.#epoch;
    this.#clients.add(client);
    try {
      if ((await this.#say(client, '220 relay.test ESMTP', '421 4.3.2 not now')) !== 'fine') return;
      await this.#dialogue(client, epoch);
    } finally {
      this.#clients.delete(client);
    }
  }

  async #dialogue(client: PeerConnection, epoch: number): Promise<void> {
    let to: string[] = [];
    let hasSender = false;
    for (;;) {
      const line = await client.line();
      const verb = line.split(' ')[0]?.toUpperCase() ?? '';
      switch (verb) {
        case 'EHLO':
          if (line !== `EHLO ${this.clientName}`) return client.reset();
          await client.send('250-relay.test\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n');
          break;
        case 'AUTH':
          await client.send(this.refusesPassword ? '535 5.7.8 wrong\r\n' : '235 2.7.0 ok\r\n');
          break;
        case 'MAIL':
          to = [];
          hasSender = false;
          switch (await this.#say(client, '250 2.1.0 ok', '451 4.3.0 not now')) {
            case 'cut':
              return;
            case 'fine':
              hasSender = true;
          }
          break;
        case 'RCPT': {
          if (!hasSender) {
            await client.send('503 5.5.1 no sender\r\n');
            break;
          }
          const said = await this.#say(client, '250 2.1.5 ok', '450 4.2.1 not now', '550 5.1.1 nobody');
          if (said === 'cut') return;
          if (said === 'fine') to.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
          break;
        }
        case 'DATA': {
          if (to.length === 0) {
            await client.send('503 5.5.1 no recipients\r\n');
            break;
          }
          const said = await this.#say(client, '354 go ahead', '451 4.3.0 not now');
          if (said === 'cut') return;
          if (said !== 'fine') break;
          if (!(await this.#take(client, epoch, to))) return;
          to = [];
          break;
        }
        case 'QUIT':
          await client.send('221 2.0.0 bye\r\n');
          return;
        default:
          await client.send('250 2.0.0 ok\r\n');
      }
    }
  }

  /** @returns false when the connection was cut */
  async #take(client: PeerConnection, epoch: number, to: readonly string[]): Promise<boolean> {
    const body = (await client.readBody()).toString('latin1');
    if (epoch !== this.#epoch) return false;
    const mailId = /^X-Genro-Mail-ID: (.*)\r$/im.exec(body)?.[1] ?? '';
    const whim = this.#whim();
    if (whim === 'cut') {
      client.reset();
      return false;
    }
    if (whim === 'later' || whim === 'busy') {
      await client.send('451 4.3.0 not now\r\n');
      return true;
    }
    if (whim === 'never') {
      await client.send('552 5.3.4 too big\r\n');
      return true;
    }
    // The worst moment has a chance of its own: cut after the dot, before the message was taken or after.
    const isCut = !this.isKind && this.#random() < CUT_AFTER_DOT;
    const isTaken = !isCut || this.#random() < 0.5;
    if (isTaken) this.takings.push({ mailId, to: [...to], answered: !isCut, at: this.#now() });
    if (isCut) {
      client.reset();
      return false;
    }
    await client.send('250 2.0.0 taken\r\n');
    return true;
  }

  async #say(client: PeerConnection, fine: string, later: string, never = later): Promise<Whim> {
    const whim = this.#whim();
    if (whim === 'cut') client.reset();
    else await client.send(`${{ fine, later, never, busy: '421 4.3.2 closing' }[whim]}\r\n`);
    return whim === 'busy' ? 'cut' : whim;
  }

  #whim(): Whim {
    if (this.isKind) return 'fine';
    const chance = this.#random();
    if (chance < 0.04) return 'cut';
    if (chance < 0.08) return 'later';
    if (chance < 0.1) return 'never';
    return chance < 0.11 ? 'busy' : 'fine';
  }
}

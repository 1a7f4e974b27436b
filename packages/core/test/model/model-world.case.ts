// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { copyFileSync, existsSync } from 'node:fs';
import { createMailEngine, type MailEngine } from '@mail-proxy/core';
import { VirtualClock } from '@mail-proxy/core/testing';
import { type ScriptedPeer, startScriptedPeer, type TempDir, tempDir } from '@mail-proxy/testkit';
import type { Random } from '../../src/clock.ts';
import { FickleRelay } from './fickle-relay.case.ts';

/** Connections and their answers take real time; this long is given to them between two steps of the virtual clock. */
const REAL_PAUSE_MS = 4;

/** One engine at a time over one database, a relay that goes wrong, and a clock that the test moves. */
export class ModelWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly relay: FickleRelay;
  /** Counts what happened, so that what the relay took can be placed before or after it. */
  steps = 0;
  readonly #random: Random;
  readonly #dir: TempDir;
  readonly #peer: ScriptedPeer;
  #life = 0;
  #engine: MailEngine | null = null;
  readonly #abandoned: Promise<void>[] = [];

  static async open(random: Random): Promise<ModelWorld> {
    let relay: FickleRelay | null = null;
    const peer = await startScriptedPeer(async (client) => {
      // A client that dies is what this world is about.
      await relay?.serve(client).catch(() => {});
    });
    const world = new ModelWorld(random, peer, tempDir());
    relay = world.relay;
    await world.start();
    return world;
  }

  private constructor(random: Random, peer: ScriptedPeer, dir: TempDir) {
    this.#random = random;
    this.#peer = peer;
    this.#dir = dir;
    this.relay = new FickleRelay(random, () => this.steps);
  }

  get port(): number {
    return this.#peer.port;
  }

  get engine(): MailEngine {
    if (this.#engine === null) throw new Error('no engine runs');
    return this.#engine;
  }

  get #file(): string {
    return this.#dir.file(`mail-${this.#life}.db`);
  }

  async start(): Promise<void> {
    this.relay.clientName = `life-${this.#life}.test`;
    this.#engine = await createMailEngine({
      config: {
        database: this.#file,
        encryptionKeyFile: this.#dir.file('mail.key'),
        // The clock leaps over heartbeats, which is no fault of the session's.
        delivery: { ehloName: this.relay.clientName, idleMs: 600_000, leaseMs: 1_000_000_000 },
      },
      clock: this.clock,
      random: this.#random,
    });
    await this.#engine.start();
  }

  /** Stop as SIGTERM does, and start again. */
  async restart(): Promise<void> {
    const stopping = this.engine.stop({ deadlineMs: 60_000 });
    // Time must go on for whatever the stop waits for.
    let isStopped = false;
    void stopping.finally(() => {
      isStopped = true;
    });
    while (!isStopped) await this.pass(1_000);
    await this.engine[Symbol.asyncDispose]();
    await this.start();
  }

  /**
   * Die as by SIGKILL: what is on disk at this moment goes on in a new engine, the old one's connections are cut, and
   * nothing that it does later is heard or kept.
   */
  async kill(): Promise<void> {
    const before = this.#file;
    this.#life += 1;
    // The main file first: what is committed meanwhile is only appended to the log beside it.
    for (const suffix of ['', '-wal']) {
      if (existsSync(before + suffix)) copyFileSync(before + suffix, this.#file + suffix);
    }
    this.relay.cutAll();
    // What is left of it ends by and by, unheard.
    this.#abandoned.push(Promise.resolve(this.engine[Symbol.asyncDispose]()).catch(() => {}));
    await this.start();
  }

  /** Move the virtual clock, and let connections do their work. */
  async pass(virtualMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, REAL_PAUSE_MS);
    await promise;
    await this.clock.advance(virtualMs);
  }

  /** Let the event loop go round so often: what is under way gets a little further. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      setImmediate(resolve);
      await promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stopping of [...this.#abandoned, Promise.resolve(this.engine[Symbol.asyncDispose]())]) {
      let isStopped = false;
      void stopping
        .catch(() => {})
        .finally(() => {
          isStopped = true;
        });
      while (!isStopped) await this.pass(20_000);
    }
    await this.#peer.close();
    this.#dir[Symbol.dispose]();
  }
}

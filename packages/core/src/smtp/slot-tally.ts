// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Whose connections are counted. */
export interface Counted {
  /** `host:port`, in small letters. */
  readonly host: string;
  /** The slots that are kept for urgent keys are for this one too. */
  readonly isUrgent: boolean;
}

/** Connections, and how many of them are of keys that are not urgent. */
export interface Tallied {
  readonly all: number;
  readonly normal: number;
}

const NONE: Tallied = { all: 0, normal: 0 };

/** Counts connections, all together and by host. */
export class SlotTally {
  #total = NONE;
  readonly #byHost = new Map<string, Tallied>();

  /** So many connections of one user. */
  static of(user: Counted, count: number): SlotTally {
    const tally = new SlotTally();
    tally.add(user, count);
    return tally;
  }

  copy(): SlotTally {
    const tally = new SlotTally();
    tally.#total = this.#total;
    for (const [host, counts] of this.#byHost) tally.#byHost.set(host, counts);
    return tally;
  }

  get total(): Tallied {
    return this.#total;
  }

  ofHost(host: string): Tallied {
    return this.#byHost.get(host) ?? NONE;
  }

  /** @param count - less than zero to take away */
  add({ host, isUrgent }: Counted, count: number): void {
    const plus = ({ all, normal }: Tallied): Tallied => ({
      all: all + count,
      normal: normal + (isUrgent ? 0 : count),
    });
    this.#total = plus(this.#total);
    const ofHost = plus(this.ofHost(host));
    if (ofHost.all === 0 && ofHost.normal === 0) this.#byHost.delete(host);
    else this.#byHost.set(host, ofHost);
  }
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '../errors.ts';
import type { WriteState } from './database.ts';
import type { Statement, StatementResult } from './statement.ts';

/** A unit that waits for its transaction. */
export interface WaitingUnit {
  /** Called when the writer takes the unit. */
  readonly make: () => readonly Statement[];
  readonly resolve: (results: readonly StatementResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one unit of a group that committed. */
export type UnitOutcome = { readonly ok: readonly StatementResult[] } | { readonly error: Error };

/** Units in one transaction at most: bounds how long the last caller of a group waits for the first. */
const MAX_GROUP = 4_000;

/**
 * Groups writes. Whenever the writer is free it takes all that waits: a lone write commits at once, a thousand
 * writes share one commit. There is no timer.
 */
export class WriteQueue {
  /** Told how many units were committed together. */
  onCommit: ((units: number) => void) | null = null;
  readonly #commit: (units: readonly (readonly Statement[])[]) => Promise<readonly UnitOutcome[]>;
  readonly #waiting: WaitingUnit[] = [];
  readonly #stats = { commits: 0, units: 0 };
  #writing = false;
  #state: WriteState = 'taken';
  #scheduled = false;

  /** @param commit runs a group in one transaction; rejects when nothing of it was kept */
  constructor(commit: (units: readonly (readonly Statement[])[]) => Promise<readonly UnitOutcome[]>) {
    this.#commit = commit;
  }

  get stats(): { readonly commits: number; readonly units: number } {
    return { ...this.#stats };
  }

  /** What became of the last group. */
  get state(): WriteState {
    return this.#state;
  }

  write(make: () => readonly Statement[]): Promise<readonly StatementResult[]> {
    const done = new Promise<readonly StatementResult[]>((resolve, reject) => {
      this.#waiting.push({ make, resolve, reject });
    });
    this.#schedule();
    return done;
  }

  /** Wait for the end of this turn and for what its promises bring about, so that writes made together commit together. */
  #schedule(): void {
    if (this.#writing || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#writeGroup();
    });
  }

  async #writeGroup(): Promise<void> {
    if (this.#writing) return;
    const group = this.#waiting.splice(0, MAX_GROUP).flatMap(made);
    if (group.length === 0) return;
    this.#writing = true;
    try {
      const outcomes = await this.#commit(group.map((unit) => unit.statements));
      this.#state = outcomes.some(hadNoRoom) ? 'full' : 'taken';
      this.#stats.commits += 1;
      this.#stats.units += group.length;
      this.onCommit?.(group.length);
      for (const [index, unit] of group.entries()) settle(unit, outcomes[index]);
    } catch (error) {
      this.#state = isMailProxyError(error, 'storage_full') ? 'full' : 'failing';
      for (const unit of group) unit.reject(error);
    } finally {
      this.#writing = false;
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}

/** A unit that can't be made concerns its caller only. */
function made(unit: WaitingUnit): readonly (WaitingUnit & { readonly statements: readonly Statement[] })[] {
  try {
    return [{ ...unit, statements: unit.make() }];
  } catch (error) {
    unit.reject(error);
    return [];
  }
}

function hadNoRoom(outcome: UnitOutcome): boolean {
  return 'error' in outcome && isMailProxyError(outcome.error, 'storage_full');
}

function settle(unit: WaitingUnit, outcome: UnitOutcome | undefined): void {
  if (outcome === undefined) unit.reject(new Error('the group committed without an outcome for this unit'));
  else if ('ok' in outcome) unit.resolve(outcome.ok);
  else unit.reject(outcome.error);
}

// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Worker } from 'node:worker_threads';
import { MailProxyError } from '../../errors.ts';
import type { SqlValue, Statement, StatementResult } from '../statement.ts';
import { addLargeValues } from './large-values.ts';
import type { WireRequest, WireResponse, WireStatement, WireUnitResult, WorkerSettings } from './wire.ts';

interface Exchange {
  readonly resolve: (units: readonly WireUnitResult[]) => void;
  readonly reject: (error: unknown) => void;
}

const YOUNG_GENERATION_MIB = 8;

/** Requests to one worker, answered in their order. */
export class WorkerChannel implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #defined = new Set<number>();
  readonly #columns = new Map<number, readonly string[]>();
  readonly #waiting: Exchange[] = [];
  readonly #exited: Promise<void>;
  #broken: Error | null = null;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  /**
   * Start the worker and wait until it has opened the file.
   *
   * @throws {MailProxyError} `database_locked` while another server holds it, `database_unavailable` otherwise
   */
  static async open(settings: WorkerSettings): Promise<WorkerChannel> {
    // The sources run as they are in development and tests; what is published is JavaScript.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: settings,
      // Flags of the embedding process, such as --input-type, are not for this file.
      execArgv: [],
      // What it makes lives as long as a request does; of the 48 MiB that are usual it used all and saved no time.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    const channel = new WorkerChannel(worker);
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (response: WireResponse) => {
        worker.off('error', reject);
        if (response.kind === 'opened') {
          resolve();
          return;
        }
        const message = 'message' in response ? response.message : 'it answered out of turn';
        const locked = response.kind === 'refused' && response.error === 'locked';
        reject(
          new MailProxyError(locked ? 'database_locked' : 'database_unavailable', {
            detail: locked ? `another server uses ${settings.path}` : `cannot open ${settings.path}: ${message}`,
          }),
        );
      });
    });
    worker.on('message', (response: WireResponse) => channel.#receive(response));
    worker.on('error', (error) => channel.#fail(error));
    worker.on('exit', () => channel.#fail(new Error('the database worker has ended')));
    return channel;
  }

  send(units: readonly (readonly Statement[])[]): Promise<readonly WireUnitResult[]> {
    if (this.#broken !== null) return Promise.reject(unavailable(this.#broken));
    const define: [number, string][] = [];
    const handedOver: ArrayBuffer[] = [];
    const wire = units.map((unit) =>
      unit.map((statement): WireStatement => {
        const { id, sql } = statement.prepared;
        if (!this.#defined.has(id)) {
          this.#defined.add(id);
          define.push([id, sql]);
        }
        if (statement.handsOver) addLargeValues(statement.parameters, handedOver);
        return [id, statement.parameters, statement.guard === undefined ? 0 : 1];
      }),
    );
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ define, units: wire } satisfies WireRequest, handedOver);
    });
  }

  /** Rows as objects, by the column names that the worker told. */
  decode(unit: readonly Statement[], result: Extract<WireUnitResult, { ok: unknown }>): StatementResult[] {
    return unit.map((statement, index) => {
      const [changes, rows] = result.ok[index] ?? [0, []];
      if (rows.length === 0) return { changes, rows: [] };
      const columns = this.#columns.get(statement.prepared.id) ?? [];
      return { changes, rows: rows.map((row) => objectOf(columns, row)) };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#broken === null) this.#worker.postMessage('close');
    await this.#exited;
  }

  #receive(response: WireResponse): void {
    const exchange = this.#waiting.shift();
    if (exchange === undefined) return;
    if (response.kind === 'done') {
      for (const [id, names] of response.columns) this.#columns.set(id, names);
      exchange.resolve(response.units);
      return;
    }
    const message = 'message' in response ? response.message : response.kind;
    const full = response.kind === 'lost' && response.error === 'full';
    exchange.reject(new MailProxyError(full ? 'storage_full' : 'database_unavailable', { cause: new Error(message) }));
  }

  #fail(error: Error): void {
    this.#broken ??= error;
    for (const exchange of this.#waiting.splice(0)) exchange.reject(unavailable(this.#broken));
  }
}

function unavailable(cause: Error): MailProxyError {
  return new MailProxyError('database_unavailable', { cause });
}

function objectOf(columns: readonly string[], row: readonly SqlValue[]): Record<string, SqlValue> {
  const object: Record<string, SqlValue> = {};
  for (let i = 0; i < columns.length; i++) object[columns[i] ?? ''] = row[i] ?? null;
  return object;
}

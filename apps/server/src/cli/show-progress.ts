// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { WriteStream } from 'node:tty';
import { type Clock, systemClock, type TransferProgress } from '@mail-proxy/core';
import type { SingleBar } from 'cli-progress';
import type { Streams } from './streams.ts';

/** In a log a line in this time is enough, milliseconds. */
const LOG_INTERVAL_MS = 2_000;

/** How far a command is, in rows or in what else it counts. */
interface Progress extends Omit<TransferProgress, 'phase'> {
  readonly phase: keyof typeof VERBS;
  /** What is counted. @defaultValue rows */
  readonly unit?: string;
}

type Show = (progress: Progress) => void;

interface ShownProgress extends Disposable {
  readonly show: Show;
}

const VERBS = {
  export: 'exporting',
  check: 'checking',
  import: 'importing',
  verify: 'comparing',
  rotate: 'sealing',
  suppress: 'importing',
  backup: 'copying',
} as const;

/** Show how far a long command is while it runs: a bar for each phase on a terminal, plain lines elsewhere. */
export async function withProgress<T>(
  stream: Streams['stderr'],
  run: (show: Show) => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  using shown = stream instanceof WriteStream && stream.isTTY ? await bars(stream) : lines(stream, clock);
  return await run(shown.show);
}

async function bars(stream: WriteStream): Promise<ShownProgress> {
  const { Presets, SingleBar } = await import('cli-progress');
  const format = '{verb} {bar} {percentage}%  {value}/{total} {unit}  {table}  {eta_formatted} left';
  let phase: Progress['phase'] | null = null;
  let bar: SingleBar | null = null;
  return {
    show(progress) {
      const { rows, total, table, unit = 'rows' } = progress;
      if (total === 0) return;
      const payload = { verb: VERBS[progress.phase].padEnd(9), table, unit };
      if (bar === null || phase !== progress.phase) {
        bar?.stop();
        bar = new SingleBar(
          { format, stream, hideCursor: true, gracefulExit: true, etaBuffer: 50 },
          Presets.shades_classic,
        );
        bar.start(total, rows, payload);
        phase = progress.phase;
      } else bar.update(rows, payload);
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}

function lines(stream: Streams['stderr'], clock: Clock): ShownProgress {
  let phase: Progress['phase'] | null = null;
  let nextAt = 0;
  return {
    show(progress) {
      const { rows, total, table, unit = 'rows' } = progress;
      const isDue = progress.phase !== phase || rows === total || clock.monotonic() >= nextAt;
      if (!isDue) return;
      phase = progress.phase;
      nextAt = clock.monotonic() + LOG_INTERVAL_MS;
      stream.write(`${VERBS[phase]} ${rows}/${total} ${unit} (${table})\n`);
    },
    [Symbol.dispose]() {
      // Lines are complete as they are.
    },
  };
}

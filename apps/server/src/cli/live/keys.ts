// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { emitKeypressEvents } from 'node:readline';
import { ReadStream } from 'node:tty';
import type { Streams } from '../streams.ts';

/** Keys that somebody presses at a terminal, until it is disposed of; the terminal is then as it was. */
export interface Keys extends Disposable {
  readonly terminal: ReadStream;
}

interface Keypress {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
}

/** Listen to keys, one by one and unseen; null where nobody sits at a terminal. */
export function listenToKeys(stdin: Streams['stdin'], onKey: (key: string) => void): Keys | null {
  if (!(stdin instanceof ReadStream)) return null;
  const terminal: ReadStream = stdin;
  const listener = (_: string | undefined, { name, sequence, ctrl }: Keypress): void => {
    const key = name ?? sequence ?? '';
    onKey(ctrl === true ? `ctrl+${key}` : key);
  };
  emitKeypressEvents(terminal);
  terminal.setRawMode(true);
  terminal.on('keypress', listener);
  terminal.resume();
  return {
    terminal,
    [Symbol.dispose]() {
      terminal.off('keypress', listener);
      terminal.setRawMode(false);
      terminal.pause();
    },
  };
}

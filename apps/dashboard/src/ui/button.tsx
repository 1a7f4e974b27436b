// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { messageOf } from '../format/error-words.ts';
import { say } from './toasts.tsx';

export interface ButtonProps {
  readonly children: ComponentChildren;
  /** While what it started is under way the button waits; an error is said. */
  readonly onClick?: () => unknown;
  /** @defaultValue plain */
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly type?: 'button' | 'submit';
  /** What it starts is under way already. @defaultValue false */
  readonly isBusy?: boolean;
  readonly label?: string;
}

/** A button. While it waits it does nothing, yet keeps the keyboard, which one that is `disabled` would lose. */
export function Button({ children, onClick, look = 'plain', type = 'button', isBusy = false, label }: ButtonProps) {
  const [isRunning, setRunning] = useState(false);
  const isWaiting = isBusy || isRunning;
  const run = async (): Promise<void> => {
    setRunning(true);
    try {
      await onClick?.();
    } catch (error) {
      say(messageOf(error), { isError: true });
    } finally {
      setRunning(false);
    }
  };
  const click = (event: Event): void => {
    if (isWaiting) event.preventDefault();
    else if (onClick !== undefined) void run();
  };
  return (
    <button
      type={type}
      class={`button button-${look}`}
      aria-label={label}
      aria-busy={isWaiting}
      aria-disabled={isWaiting}
      onClick={click}
    >
      {children}
    </button>
  );
}

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
  readonly disabled?: boolean;
  readonly label?: string;
}

export function Button({ children, onClick, look = 'plain', type = 'button', disabled = false, label }: ButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const click = async (): Promise<void> => {
    setBusy(true);
    try {
      await onClick?.();
    } catch (error) {
      say(messageOf(error), { isError: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type={type}
      class={`button button-${look}`}
      aria-label={label}
      aria-busy={isBusy}
      disabled={disabled || isBusy}
      {...(onClick === undefined ? {} : { onClick: () => void click() })}
    >
      {children}
    </button>
  );
}

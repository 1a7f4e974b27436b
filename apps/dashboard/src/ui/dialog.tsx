// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button, type ButtonProps } from './button.tsx';

export interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** The word on the button that does it. */
  readonly confirm: string;
  readonly look?: ButtonProps['look'];
  /** Where it fails, the error is said and the dialog stays. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Ask before something is done. The browser keeps the keyboard inside and gives it back; Escape closes it. */
export function Dialog({ title, children, confirm, look = 'primary', onConfirm, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const act = async (): Promise<void> => {
    await onConfirm();
    onClose();
  };
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
      <div class="actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button look={look} onClick={act}>
          {confirm}
        </Button>
      </div>
    </dialog>
  );
}

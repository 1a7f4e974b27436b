// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { Account } from '../../api/shapes.ts';
import { useSession } from '../../session/use-session.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { say } from '../../ui/toasts.tsx';

export interface PauseDialogProps {
  readonly account: Account;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Why one account is to be paused, and until when. */
export function PauseDialog({ account, onClose, onDone }: PauseDialogProps) {
  const { api } = useSession();
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const pause = async (): Promise<void> => {
    await api.accounts.pause({
      account_id: account.pk,
      ...(until === '' ? {} : { until: new Date(until).toISOString() }),
      ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    });
    say('Its mail waits.');
    onDone();
  };
  return (
    <Dialog title={`Pause ${account.id}`} confirm="Pause" onConfirm={pause} onClose={onClose}>
      <p>What is being sent ends. All other mail of the account is accepted and waits.</p>
      <TextField label="Reason" value={reason} onChange={setReason} />
      <TextField
        label="Until"
        type="datetime-local"
        value={until}
        onChange={setUntil}
        hint="In the time of this browser. Empty: until it is resumed."
      />
    </Dialog>
  );
}

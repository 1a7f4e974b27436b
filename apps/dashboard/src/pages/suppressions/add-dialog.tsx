// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import { isAdmin } from '../../session/session.ts';
import { chosenTenant, ofTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { say } from '../../ui/toasts.tsx';

export interface AddDialogProps {
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Put an address onto the list. */
export function AddDialog({ onClose, onDone }: AddDialogProps) {
  const { api } = useSession();
  const [address, setAddress] = useState('');
  const [note, setNote] = useState('');
  const [tenant, setTenant] = useState(chosenTenant.value);
  const add = async (): Promise<void> => {
    const more = note.trim() === '' ? {} : { note: note.trim() };
    await api.suppressions.add({ address: address.trim(), reason: 'manual', ...more, ...ofTenant(tenant.trim()) });
    say(`${address.trim()} gets no more mail.`);
    onDone();
  };
  return (
    <Dialog title="Suppress an address" confirm="Suppress" onConfirm={add} onClose={onClose}>
      <TextField
        label="Address"
        value={address}
        onChange={setAddress}
        hint="ada@example.org, or @example.org for a whole domain"
      />
      {isAdmin.value && <TextField label="Tenant" value={tenant} onChange={setTenant} />}
      <TextField label="Note" value={note} onChange={setNote} />
    </Dialog>
  );
}

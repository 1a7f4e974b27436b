// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import { useSession } from '../../session/use-session.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { say } from '../../ui/toasts.tsx';

export interface ReplayDialogProps {
  readonly tenantId: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

type Kind = 'message' | 'time' | 'numbers';

/** Which events are to be told again. */
export function ReplayDialog({ tenantId, onClose, onDone }: ReplayDialogProps) {
  const { api } = useSession();
  const [kind, setKind] = useState<Kind>('message');
  const [message, setMessage] = useState('');
  const [first, setFirst] = useState('');
  const [last, setLast] = useState('');
  const replay = async (): Promise<void> => {
    const { events } = await api.events.replay({ tenant_id: tenantId, ...rangeOf(kind, { message, first, last }) });
    say(`${events} events are told again.`);
    onDone();
  };
  const ofKind = (name: string): void => {
    setKind(name === 'time' || name === 'numbers' ? name : 'message');
    setFirst('');
    setLast('');
  };
  const type = kind === 'time' ? 'datetime-local' : 'number';
  return (
    <Dialog title="Replay events" confirm="Replay" onConfirm={replay} onClose={onClose}>
      <p>They are sent to the endpoint again with new numbers; it knows each by its id.</p>
      <SelectField
        label="Which"
        value={kind}
        options={[
          ['message', 'Those of one message'],
          ['time', 'Those of a time'],
          ['numbers', 'A range of numbers'],
        ]}
        onChange={ofKind}
      />
      {kind === 'message' ? (
        <TextField label="Message id" value={message} onChange={setMessage} />
      ) : (
        <>
          <TextField label="From" type={type} value={first} onChange={setFirst} />
          <TextField label="To" type={type} value={last} onChange={setLast} />
        </>
      )}
    </Dialog>
  );
}

function rangeOf(kind: Kind, given: { readonly message: string; readonly first: string; readonly last: string }) {
  const { message, first, last } = given;
  if (kind === 'message') return { message_id: message.trim() };
  if (kind === 'time') return { from: timeOf(first), to: timeOf(last) };
  return { first_seq: Number(first), last_seq: Number(last) };
}

/** Of such a field, in the zone of the browser. */
function timeOf(local: string): string {
  const date = new Date(local);
  if (Number.isNaN(date.getTime())) throw new Error('Both times are needed.');
  return date.toISOString();
}

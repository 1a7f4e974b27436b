// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { Message, MessageState } from '../../api/shapes.ts';
import { useSession } from '../../session/use-session.ts';
import { Button, type ButtonProps } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { say } from '../../ui/toasts.tsx';

type Verb = 'cancel' | 'hold' | 'release' | 'retry' | 'reschedule' | 'confirm';

interface Action {
  readonly verb: Verb;
  readonly label: string;
  readonly done: string;
  readonly states: readonly MessageState[];
  readonly look?: ButtonProps['look'];
  /** Asked before; without it, it is done at once. */
  readonly question?: string;
}

const WAITING: readonly MessageState[] = ['preparing', 'ready', 'leased', 'deferred'];

const ACTIONS: readonly Action[] = [
  {
    verb: 'confirm',
    label: 'Confirm as sent',
    done: 'Confirmed',
    states: ['in_doubt'],
    question: 'The relay did take this message: it is closed as sent and never sent again.',
  },
  {
    verb: 'retry',
    label: 'Retry now',
    done: 'It is tried again',
    states: ['deferred', 'in_doubt', 'final'],
    question: 'It is sent again to the recipients that were not served. One that was in doubt may arrive twice.',
  },
  { verb: 'release', label: 'Release', done: 'Released', states: ['held'], look: 'primary' },
  { verb: 'hold', label: 'Hold', done: 'Held', states: WAITING },
  { verb: 'reschedule', label: 'Reschedule', done: 'Rescheduled', states: [...WAITING, 'suspended', 'held'] },
  {
    verb: 'cancel',
    label: 'Cancel message',
    done: 'Cancelled',
    states: [...WAITING, 'suspended', 'held'],
    look: 'danger',
    question: 'A message that is cancelled is never sent. This cannot be undone.',
  },
];

export interface ActionsProps {
  readonly message: Message;
  readonly onDone: () => void;
}

/** What can be done with a message as it stands. */
export function Actions({ message, onDone }: ActionsProps) {
  const { api } = useSession();
  const [asked, ask] = useState<Action | null>(null);
  const [sendAt, setSendAt] = useState('');
  const run = async ({ verb, done }: Action): Promise<void> => {
    const name = { message_id: message.pk, tenant_id: message.tenant_id };
    if (verb === 'reschedule') await api.messages.reschedule({ ...name, send_at: new Date(sendAt).toISOString() });
    else await api.messages[verb](name);
    say(`${done}.`);
    onDone();
  };
  return (
    <>
      {ACTIONS.filter((action) => isPossible(action, message)).map((action) => (
        <Button
          key={action.verb}
          {...(action.look === undefined ? {} : { look: action.look })}
          onClick={() => {
            if (action.question === undefined && action.verb !== 'reschedule') return run(action);
            setSendAt(localNow());
            return ask(action);
          }}
        >
          {action.label}
        </Button>
      ))}
      {asked !== null && (
        <Dialog
          title={asked.label}
          confirm={asked.label}
          look={asked.look ?? 'primary'}
          onConfirm={() => run(asked)}
          onClose={() => ask(null)}
        >
          {asked.question !== undefined && <p>{asked.question}</p>}
          {asked.verb === 'reschedule' && (
            <TextField
              label="Send at"
              type="datetime-local"
              value={sendAt}
              onChange={setSendAt}
              hint="In the time of this browser. A time that is past means now."
            />
          )}
        </Dialog>
      )}
    </>
  );
}

function isPossible({ verb, states }: Action, { state, result }: Message): boolean {
  if (!states.includes(state)) return false;
  // An end that a retry may undo.
  return verb !== 'retry' || state !== 'final' || ['failed', 'expired', 'partially_sent'].includes(result ?? '');
}

/** As such a field takes it. */
function localNow(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

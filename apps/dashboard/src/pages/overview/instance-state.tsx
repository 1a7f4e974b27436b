// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import { useSession } from '../../session/use-session.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { useLoad } from '../../ui/use-load.ts';

const EVERY_MS = 10_000;

/** What runs here, and whether it may send; the operator stops and starts all sending. */
export function InstanceState() {
  const { api } = useSession();
  const [isAsked, ask] = useState(false);
  const { value, error, reload } = useLoad('instance', (signal) => api.instance.get({}, { signal }), {
    everyMs: EVERY_MS,
  });
  if (error !== undefined && value === undefined) return <ErrorNote error={error} retry={reload} />;
  if (value === undefined) return null;
  const resume = async (): Promise<void> => {
    await api.instance.resume({});
    say('Mail is sent again.');
    reload();
  };
  const pause = async (): Promise<void> => {
    await api.instance.pause({});
    say('All sending is paused.');
    reload();
  };
  return (
    <div class={value.paused ? 'note note-wait' : 'note'}>
      <p>
        {value.paused ? <strong>All sending is paused</strong> : <strong>{value.name} sends</strong>}
        {value.paused_at !== null && (
          <>
            {' '}
            since <Time at={value.paused_at} />
          </>
        )}
        <span class="quiet">
          {' '}
          {value.version}, {value.edition} edition, {value.database}, up since <Time at={value.started_at} />
        </span>
      </p>
      {value.paused ? (
        <Button look="primary" onClick={resume}>
          Resume sending
        </Button>
      ) : (
        <Button onClick={() => ask(true)}>Pause sending</Button>
      )}
      {isAsked && (
        <Dialog title="Pause all sending" confirm="Pause sending" onConfirm={pause} onClose={() => ask(false)}>
          <p>
            No instance of this database sends anything until it is resumed, also after a restart. Mail is still
            accepted and waits.
          </p>
        </Dialog>
      )}
    </div>
  );
}

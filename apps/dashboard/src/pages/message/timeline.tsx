// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Message, MessageEvent } from '../../api/shapes.ts';
import { formatDuration } from '../../format/numbers.ts';
import { plain, sentence, type Tone } from '../../format/words.ts';
import { Time } from '../../ui/time.tsx';

const TONES: Readonly<Record<string, Tone>> = {
  sent: 'good',
  confirmed: 'good',
  partially_sent: 'wait',
  deferred: 'wait',
  held: 'wait',
  interrupted: 'wait',
  error: 'bad',
  expired: 'bad',
  in_doubt: 'bad',
  bounce: 'bad',
  complaint: 'bad',
};

/** What happened to a message, oldest first. */
export function Timeline({ message, events }: { readonly message: Message; readonly events: readonly MessageEvent[] }) {
  return (
    <ol class="timeline">
      <li data-tone="quiet">
        <p>
          <strong>Accepted</strong> <Time at={message.created_at} />
        </p>
      </li>
      {events.map((event) => (
        <li key={event.id} data-tone={TONES[event.type] ?? 'quiet'}>
          <Happened event={event} message={message} />
        </li>
      ))}
    </ol>
  );
}

function Happened({ event, message }: { readonly event: MessageEvent; readonly message: Message }) {
  const attempt = message.history.find((one) => one.attempt === event.attempt && one.at === event.at);
  const duration = attempt?.duration_ms ?? null;
  const shown = event.recipients.filter(({ reply, code }) => reply !== null || code !== null).slice(0, 5);
  return (
    <>
      <p>
        <strong>{sentence(plain(event.type))}</strong> <Time at={event.at} />
      </p>
      {(event.attempt > 0 || duration !== null) && (
        <p class="quiet">
          {event.attempt > 0 && `Attempt ${event.attempt}`}
          {duration !== null && `, took ${formatDuration(duration)}`}
        </p>
      )}
      {event.reason !== null && event.reason !== event.type && <p>{event.reason}</p>}
      {shown.map(({ address, code, enhanced, reply }) => (
        <p key={address} class="reply">
          {event.recipients.length > 1 && <span class="quiet">{address}: </span>}
          {[code, enhanced].filter(Boolean).join(' ')} {reply}
        </p>
      ))}
      {event.possible_duplicate && <p class="quiet">Some recipients may have it twice.</p>}
      {event.next_attempt_at !== null && (
        <p class="quiet">
          Next attempt <Time at={event.next_attempt_at} />
        </p>
      )}
    </>
  );
}

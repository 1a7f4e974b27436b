// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { priorityWord, standingOf } from '../../format/words.ts';
import type { PageProps } from '../../layout/page-props.ts';
import { may } from '../../session/session.ts';
import { ofTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { useLoad } from '../../ui/use-load.ts';
import { Actions } from './actions.tsx';
import { ContentSection } from './content-section.tsx';
import { Recipients } from './recipients.tsx';
import { Timeline } from './timeline.tsx';
import { Transcript } from './transcript.tsx';
import { WaitingNote } from './waiting-note.tsx';

const EVERY_MS = 5_000;

/** All that is known of one message. */
export function MessagePage({ params }: PageProps) {
  const { api } = useSession();
  const name = { message_id: decodeURIComponent(params['pk'] ?? ''), ...ofTenant() };
  const { value, error, reload } = useLoad(
    `message ${JSON.stringify(name)}`,
    async (signal) => {
      const message = await api.messages.get({ ...name, include: 'content' }, { signal });
      const { items } = await api.messages.events({ message_id: message.pk, tenant_id: message.tenant_id }, { signal });
      return { message, events: items };
    },
    { everyMs: EVERY_MS },
  );
  const message = value?.message;
  return (
    <Page
      title={message?.id ?? name.message_id}
      back={{ href: '/messages', label: 'Messages' }}
      actions={message !== undefined && may('messages:manage') && <Actions message={message} onDone={reload} />}
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton rows={8} />}
      {value !== undefined && message !== undefined && (
        <div class="columns">
          <div>
            {message.waiting_for.length > 0 && <WaitingNote waiting={message.waiting_for} />}
            <Section title="Recipients" isFlush>
              <Recipients of={message.recipients} />
            </Section>
            <ContentSection message={message} />
            <Transcript message={message} />
          </div>
          <div>
            <Section title="About">
              <Standing message={message} />
            </Section>
            <Section title="Timeline">
              <Timeline message={message} events={value.events} />
            </Section>
          </div>
        </div>
      )}
    </Page>
  );
}

function Standing({ message }: { readonly message: Parameters<typeof Actions>[0]['message'] }) {
  const { word, tone } = standingOf(message);
  return (
    <Facts
      of={[
        ['State', <Badge tone={tone}>{word}</Badge>],
        ['Tenant', message.tenant_id],
        ['Account', message.account_id],
        ['Batch', message.batch_code],
        ['Priority', priorityWord(message.priority)],
        ['Attempts', message.attempts],
        ['Accepted', <Time at={message.created_at} />],
        ['Next attempt', message.next_attempt_at === null ? null : <Time at={message.next_attempt_at} />],
        ['Ended', message.final_at === null ? null : <Time at={message.final_at} />],
        ['Expires', message.expires_at === null ? null : <Time at={message.expires_at} />],
        ['Bounce', message.bounce_type === null ? null : `${message.bounce_type}: ${message.bounce_reason ?? ''}`],
        ['Message-ID', <code>{message.message_id}</code>],
        ['Key here', <code>{message.pk}</code>],
      ]}
    />
  );
}

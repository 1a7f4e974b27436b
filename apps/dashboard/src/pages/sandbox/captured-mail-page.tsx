// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CapturedMail } from '../../api/shapes.ts';
import { formatBytes } from '../../format/numbers.ts';
import type { PageProps } from '../../layout/page-props.ts';
import { navigate } from '../../routing/hash-location.ts';
import { may } from '../../session/session.ts';
import { useSession } from '../../session/use-session.ts';
import { Button } from '../../ui/button.tsx';
import { ContentView } from '../../ui/content-view.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { useLoad } from '../../ui/use-load.ts';
import { saveFile } from './save-file.ts';

/** One captured mail: its envelope, and what it says. */
export function CapturedMailPage({ params }: PageProps) {
  const { api } = useSession();
  const mail_id = params['pk'] ?? '';
  const { value, error, reload } = useLoad(`captured ${mail_id}`, (signal) =>
    api.sandboxMessages.get({ mail_id }, { signal }),
  );
  const remove = async (): Promise<void> => {
    await api.sandboxMessages.delete({ mail_id });
    say('The mail is removed.');
    navigate('/sandbox');
  };
  const download = async (): Promise<void> =>
    saveFile(await api.sandboxMessages.download({ mail_id }), `${mail_id}.eml`, 'message/rfc822');
  return (
    <Page
      title={value?.subject ?? value?.message_id ?? 'Captured mail'}
      back={{ href: '/sandbox', label: 'Sandbox' }}
      actions={
        value !== undefined && (
          <>
            {may('messages:content') && <Button onClick={download}>Download</Button>}
            {may('messages:manage') && (
              <Button look="danger" onClick={remove}>
                Remove
              </Button>
            )}
          </>
        )
      }
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton rows={8} />}
      {value !== undefined && (
        <div class="columns">
          <div>
            <Content mail={value} />
          </div>
          <div>
            <Section title="Envelope">
              <Envelope mail={value} />
            </Section>
          </div>
        </div>
      )}
    </Page>
  );
}

interface MailProps {
  readonly mail: CapturedMail;
}

function Envelope({ mail }: MailProps) {
  return (
    <Facts
      of={[
        ['From', mail.mail_from === '' ? 'nobody' : mail.mail_from],
        ['To', mail.recipients.join(', ')],
        [
          'Message',
          <a class="id" href={`#/messages/${mail.message_pk}`}>
            {mail.message_id}
          </a>,
        ],
        ['Attempt', mail.attempt],
        ['Tenant', mail.tenant_id],
        ['Account', mail.account_id],
        ['Captured', <Time at={mail.captured_at} />],
        ['Size', formatBytes(mail.size_bytes)],
      ]}
    />
  );
}

function Content({ mail: { pk, from, content } }: MailProps) {
  const { api } = useSession();
  if (content === null) {
    return (
      <Section title="Content">
        <p class="quiet">Your token does not open what messages say: it lacks the scope messages:content.</p>
      </Section>
    );
  }
  const save = async (position: number, filename: string, type: string): Promise<void> =>
    saveFile(await api.sandboxMessages.downloadAttachment({ mail_id: pk, position }), filename, type);
  return (
    <Section title="Content" note={from}>
      <ContentView content={content} />
      {content.is_cut && <p class="hint">It is longer than what is shown here; downloaded it is whole.</p>}
      {content.attachments.length > 0 && (
        <>
          <h3>Attachments</h3>
          <ul class="attachments">
            {content.attachments.map(({ position, filename, mime_type, size_bytes }) => (
              <li key={position}>
                <Button
                  look="quiet"
                  onClick={() => save(position, filename ?? `attachment-${position + 1}`, mime_type)}
                >
                  {filename ?? 'without a name'}
                </Button>{' '}
                <span class="quiet">
                  {mime_type}, {formatBytes(size_bytes)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

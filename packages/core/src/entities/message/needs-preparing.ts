// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Answer } from '../../mixin/answers.ts';
import type { SubmittedFile } from '../../mixin/hooks.ts';
import type { CheckedMessage } from './check-content.ts';
import type { SubmittedAs } from './is-repeated.ts';
import type { SubmissionServices } from './message-services.ts';

/** Whether mixins are to be asked of a message's files once they are here. Of one that came complete they are not. */
export function needsPreparing(
  services: Pick<SubmissionServices, 'needsPreparing'>,
  { content, attachments }: Pick<CheckedMessage, 'content' | 'attachments'>,
  { id = null, tenantId, accountPk }: Pick<SubmittedAs, 'tenantId'> & Asked,
): Answer<boolean> {
  if (services.needsPreparing === null || attachments.length === 0 || content.raw !== null) return false;
  const files = attachments.map(
    ({ filename, disposition, content: bytes, sizeBytes }): SubmittedFile => ({
      filename,
      disposition,
      sizeBytes: bytes === null ? null : sizeBytes,
    }),
  );
  return services.needsPreparing({ id, tenantId, accountPk }, files);
}

interface Asked {
  /** The client's; undefined where it gave none. */
  readonly id: string | null | undefined;
  readonly accountPk: string;
}

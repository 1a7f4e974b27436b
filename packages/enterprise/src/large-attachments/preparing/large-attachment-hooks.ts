// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { BroughtFile, HookedMessage, Hooks, MailContent } from '@mail-proxy/core';
import type { CertifiedAccounts } from '../../pec/sending/certified-accounts.ts';
import { withFooter } from '../footer/insert-footer.ts';
import type { LookAtLinks } from '../links/links-of-mail.ts';
import type { LargeFileConfig } from '../settings/large-file-config.ts';
import type { LargeFileSettingsStore } from '../settings/settings.store.ts';
import type { DetachedData, Rewrite } from './rewrite.ts';
import { isLarge, mayBeLarge, overLimit } from './sizes.ts';
import type { Warn } from './warn.ts';

export interface LargeAttachmentHookParts {
  /** The mixin's. */
  readonly id: string;
  readonly settings: Pick<LargeFileSettingsStore, 'recent'>;
  /** Their mail is left alone: what they send is what counts, byte for byte. Null where there are none. */
  readonly certified: Pick<CertifiedAccounts, 'isCertified'> | null;
  readonly rewrite: Rewrite;
  readonly warn: Warn;
  readonly lookAtLinks: LookAtLinks;
}

/** Finds large attachments, and does with them what the tenant wants. */
export function largeAttachmentHooks({
  id,
  settings,
  certified,
  rewrite,
  warn,
  lookAtLinks,
}: LargeAttachmentHookParts): Pick<Hooks, 'needsPreparing' | 'preparing' | 'composing' | 'sending'> {
  const isCertified = (accountPk: string): boolean | Promise<boolean> => certified?.isCertified(accountPk) ?? false;
  const large = async (
    { tenantId, accountPk }: HookedMessage,
    files: readonly BroughtFile[],
  ): Promise<{ readonly config: LargeFileConfig; readonly files: readonly BroughtFile[] } | null> => {
    const config = await settings.recent(tenantId);
    if (config?.enabled !== true) return null;
    const found = files.filter((file) => isLarge(file, config));
    return found.length === 0 || (await isCertified(accountPk)) ? null : { config, files: found };
  };
  return {
    needsPreparing({ tenantId, accountPk }, files) {
      return whenKnown(settings.recent(tenantId), (config) => {
        if (config?.enabled !== true || !files.some((file) => mayBeLarge(file, config))) return false;
        return whenKnown(isCertified(accountPk), (is) => !is);
      });
    },
    async preparing(message, brought, signal) {
      const found = await large(message, brought);
      if (found === null) return null;
      const { config, files } = found;
      switch (config.action) {
        case 'warn':
          await warn(message, files);
          return null;
        case 'reject':
          return { refuse: files.map((file) => overLimit(file, config)).join('; '), permanence: 'permanent' };
        case 'rewrite':
          return { detach: await rewrite(message, { config, files }, signal) };
        default:
          return config.action satisfies never;
      }
    },
    composing(content) {
      const footer = footerOf(content, id);
      return footer === null ? content : withFooter(content, footer);
    },
    sending: (message, { detached }) => lookAtLinks(message, detached),
  };
}

/** As it was rendered when the files were taken out. */
function footerOf({ detached }: MailContent, mixin: string): DetachedData['footer'] {
  const own = detached.filter((file) => file.mixin === mixin);
  // Nothing else is ever kept there.
  return own.map(({ data }) => data as DetachedData).find(({ footer }) => footer !== null)?.footer ?? null;
}

/** Now, where it is known. */
function whenKnown<Value, Next>(
  value: Value | Promise<Value>,
  then: (value: Value) => Next | Promise<Next>,
): Next | Promise<Next> {
  return value instanceof Promise ? value.then(then) : then(value);
}

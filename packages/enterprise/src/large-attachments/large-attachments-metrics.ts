// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MixinMetric } from '@mail-proxy/core';
import type { LargeCounts } from './files/large-counts.ts';

/** What this process did with large attachments, as metrics. */
export function largeAttachmentMetrics(counts: LargeCounts): readonly MixinMetric[] {
  const counter = (name: string, help: string, value: () => number): MixinMetric => ({
    name: `gmp_large_${name}_total`,
    help,
    kind: 'counter',
    read: () => [{ value: value() }],
  });
  return [
    counter('uploads', 'Large attachments put into storages by this process', () => counts.uploads),
    counter('uploaded_bytes', 'Bytes of those', () => counts.uploadedBytes),
    counter('reused', 'Large attachments that were in their storage already', () => counts.reused),
    counter('downloads', 'Downloads by links that this process served to their end', () => counts.downloads),
    counter('downloaded_bytes', 'Bytes of the files of those', () => counts.downloadedBytes),
    counter('deletions', 'Files deleted in storages by this process, as no link needed them', () => counts.deletions),
    {
      name: 'gmp_large_failures_total',
      help: 'What storages failed of, by what was asked of them',
      kind: 'counter',
      labels: ['act'],
      read: () => [
        { labels: { act: 'upload' }, value: counts.uploadFailures },
        { labels: { act: 'download' }, value: counts.downloadFailures },
        { labels: { act: 'delete' }, value: counts.deletionFailures },
      ],
    },
  ];
}

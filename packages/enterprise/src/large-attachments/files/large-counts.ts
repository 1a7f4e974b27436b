// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What was done with large attachments in this process's life. */
export class LargeCounts {
  uploads = 0;
  uploadedBytes = 0;
  /** Files of messages that were in their storage already. */
  reused = 0;
  uploadFailures = 0;
  /** By links of ours, to their end. */
  downloads = 0;
  downloadedBytes = 0;
  downloadFailures = 0;
  /** Files that no link needed. */
  deletions = 0;
  deletionFailures = 0;
}

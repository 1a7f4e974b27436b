// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A page for each file of the repository that a document links to. Not coloured: that took a third of the build.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filePlaceOf, linkedFiles, ROOT } from '../.vitepress/pages.ts';

export default {
  paths: () =>
    linkedFiles()
      .filter(({ download }) => !download)
      .map(({ file }) => {
        const name = basename(file);
        const text = readFileSync(join(ROOT, file), 'utf8');
        return { params: { path: filePlaceOf(file), file, name }, content: `\`\`\`\`\`\`text\n${text}\n\`\`\`\`\`\`` };
      }),
};

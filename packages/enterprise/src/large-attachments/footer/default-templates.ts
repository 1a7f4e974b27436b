// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Footer } from './footer.types.ts';

/** For tenants that have none of their own. */
export const DEFAULT_TEMPLATES: Footer = {
  html: `
<hr>
<p><strong>Large attachments to download:</strong></p>
<ul>
{%- for file in files %}
<li><a href="{{ file.url }}">{{ file.filename }}</a> ({{ file.size }})</li>
{%- endfor %}
</ul>
<p>{% if files.size == 1 %}The link works{% else %}The links work{% endif %} until {{ expires_at | date: "%Y-%m-%d %H:%M" }} UTC.</p>
`,
  text: `---
Large attachments to download:
{% for file in files -%}
- {{ file.filename }} ({{ file.size }}):
  {{ file.url }}
{% endfor -%}
{% if files.size == 1 %}The link works{% else %}The links work{% endif %} until {{ expires_at | date: "%Y-%m-%d %H:%M" }} UTC.
`,
};

// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Liquid, type LiquidOptions } from 'liquidjs';
import { DEFAULT_TEMPLATES } from './default-templates.ts';
import type { Footer, FooterFile, FooterForm } from './footer.types.ts';

/** Characters of a template, and of what it makes: a footer, not a second mail. */
export const MAX_TEMPLATE = 20_000;
const MAX_FOOTER = 200_000;

/** Milliseconds that a template may take, and characters and items of lists that it may go through: one that never ends does so soon. */
const LIMITS = { renderLimit: 1_000, memoryLimit: 1_000_000 };

/** What reads other files, and what would let a file's name be markup. */
const LEFT_OUT = { tags: ['include', 'render', 'layout', 'block'], filters: ['raw'] };

const engines: Readonly<Record<FooterForm, Liquid>> = {
  html: engineWith({ outputEscape: 'escape' }),
  text: engineWith({}),
};

const SAMPLE: readonly FooterFile[] = [
  {
    filename: 'a.pdf',
    url: 'https://example.com/a.pdf',
    size: '10.0 MB',
    size_bytes: 10_485_760,
    expires_at: '2030-01-31T09:00:00.000Z',
  },
];

/** Say what is wrong with a template, by trying it; null if nothing is. */
export function templateProblem(form: FooterForm, template: string): string | null {
  try {
    renderOne(form, template, SAMPLE);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param templates null for the default one; @throws what LiquidJS finds wrong */
export function renderFooter(
  templates: { readonly [Form in FooterForm]: string | null },
  files: readonly FooterFile[],
): Footer {
  const of = (form: FooterForm): string => renderOne(form, templates[form] ?? DEFAULT_TEMPLATES[form], files);
  return { html: of('html'), text: of('text') };
}

function renderOne(form: FooterForm, template: string, files: readonly FooterFile[]): string {
  const engine = engines[form];
  const [expires_at = ''] = files.map((file) => file.expires_at).toSorted();
  const rendered: unknown = engine.renderSync(engine.parse(template), { files, expires_at }, LIMITS);
  const footer = String(rendered);
  if (footer.length > MAX_FOOTER) throw new Error(`it makes a footer of more than ${MAX_FOOTER} characters`);
  return footer;
}

/** Nothing of a template depends on this machine: no files, no time zone. */
function engineWith(options: LiquidOptions): Liquid {
  const engine = new Liquid({
    ...options,
    templates: {},
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    ownPropertyOnly: true,
    timezoneOffset: 0,
    locale: 'en',
    parseLimit: MAX_TEMPLATE,
  });
  for (const tag of LEFT_OUT.tags) delete engine.tags[tag];
  for (const filter of LEFT_OUT.filters) delete engine.filters[filter];
  return engine;
}

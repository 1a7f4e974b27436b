// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * The parts of packages/core/src, lowest first. A part imports its own line and the lines above it here, never
 * one below. Tests and testing/ stand outside: they may import every part.
 */
const LAYERS = [
  [
    'errors',
    'clock',
    'identity',
    'retry-delay',
    'retention',
    'retry-policy',
    'wake-up',
    'pace',
    'release-memory',
    'transient',
  ],
  ['config', 'observability', 'secrets'],
  ['outgoing'],
  ['smtp', 'attachments'],
  ['database', 'operations', 'mixin'],
  ['entities'],
  ['queue'],
  ['delivery', 'reporting', 'transfer', 'backup', 'genro'],
  ['engine'],
];

const CORE = '^packages/core/src/';
/** Files that are never part of what is built or published. */
const TESTS = ['\\.(test|case)\\.ts$', '(^|/)test/'];
const TESTKIT = '^packages/testkit/';

/** @param {readonly string[]} names */
const parts = (names) => `${CORE}(${names.join('|')})(/|\\.ts$)`;

const layerRules = LAYERS.slice(0, -1).map((names, level) => ({
  name: `core-${names.join('-')}-look-down-only`,
  severity: 'error',
  comment: `${names.join(', ')} must not import a part that is built on top of them.`,
  from: { path: parts(names), pathNot: TESTS },
  to: { path: parts(LAYERS.slice(level + 1).flat()) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'core-part-has-a-layer',
      severity: 'error',
      comment: 'A new part of the core takes its place in LAYERS (.dependency-cruiser.mjs).',
      from: { path: CORE, pathNot: [`${CORE}index\\.ts$`, `${CORE}testing/`, parts(LAYERS.flat()), ...TESTS] },
      to: {},
    },
    {
      name: 'core-engine-behind-index',
      severity: 'error',
      comment: 'The engine puts the parts together; no part knows it.',
      from: { path: CORE, pathNot: [`${CORE}(engine/|index\\.ts$|testing/)`, ...TESTS] },
      to: { path: `${CORE}engine(/|\\.ts$)` },
    },
    {
      name: 'core-testing-for-tests',
      severity: 'error',
      comment: 'Fake clocks and the like never reach production code.',
      from: { path: '^(packages|apps)/', pathNot: [`${CORE}testing/`, TESTKIT, ...TESTS] },
      to: { path: `${CORE}testing/` },
    },
    {
      name: 'core-by-its-exports',
      severity: 'error',
      comment:
        'Other packages use what the core exports, not its files. Benches measure single statements of the queue, and fill it.',
      from: { path: '^(packages|apps|examples|bench|torture)/', pathNot: '^(packages/core|bench/(claims|backlog))/' },
      to: { path: '^packages/core/(src|test)/', pathNot: `${CORE}(testing/)?index\\.ts$` },
    },
    {
      name: 'core-without-enterprise',
      severity: 'error',
      comment: 'The Apache core does not depend on BUSL code, in its tests neither.',
      from: { path: '^packages/core/' },
      to: { path: ['^packages/enterprise/', '^@mail-proxy/enterprise'] },
    },
    {
      name: 'enterprise-by-name',
      severity: 'error',
      comment: 'All else must build and run with packages/enterprise deleted: it is loaded by name, at run time.',
      from: { path: '^(packages/testkit|apps|examples|bench|torture|scripts|test)/', pathNot: TESTS },
      to: { path: '^packages/enterprise/', dynamic: false },
    },
    {
      name: 'packages-without-apps',
      severity: 'error',
      comment: 'Apps are made of packages, never the other way round.',
      from: { path: '^packages/' },
      to: { path: ['^apps/', '^@mail-proxy/server'] },
    },
    {
      name: 'client-stands-alone',
      severity: 'error',
      comment:
        'The client runs where the server does not: in browsers, and in programs of others. It brings nothing along.',
      from: { path: '^packages/client/src/', pathNot: TESTS },
      to: { path: '.', pathNot: '^packages/client/src/' },
    },
    {
      name: 'client-by-its-exports',
      severity: 'error',
      comment: 'Others use what the client exports, not its files.',
      from: { path: '^(packages|apps|examples|bench)/', pathNot: '^packages/client/' },
      to: { path: '^packages/client/src/', pathNot: '^packages/client/src/index\\.ts$' },
    },
    {
      name: 'testkit-for-tests',
      severity: 'error',
      comment: 'What is published does not import the testkit.',
      from: { path: '^(packages|apps)/', pathNot: [TESTKIT, ...TESTS] },
      to: { path: [TESTKIT, '^@mail-proxy/testkit'] },
    },
    {
      name: 'testkit-stands-alone',
      severity: 'error',
      comment: "The core's tests use the testkit; the other direction would be a cycle of packages.",
      from: { path: TESTKIT },
      to: { path: '^(packages|apps)/', pathNot: TESTKIT },
    },
    {
      name: 'drivers-in-database',
      severity: 'error',
      comment: 'Only core/src/database asks which database it is.',
      from: { path: '^(packages|apps)/', pathNot: [`${CORE}database/`, TESTKIT, ...TESTS] },
      to: { path: '(^|/)node_modules/(better-sqlite3|pg|@types/(better-sqlite3|pg))/|^(better-sqlite3|pg)$' },
    },
    {
      name: 'nodemailer-by-its-front-door',
      severity: 'error',
      comment: 'What lies below is documented nowhere: one file reaches there, and one test holds what it relies on.',
      from: { pathNot: `${CORE}smtp/compose/nodemailer-primitives\\.ts$` },
      to: {
        path: '(^|/)node_modules/nodemailer/',
        pathNot: '/nodemailer/(dist/(esm|cjs)/nodemailer\\.(js|d\\.ts)|package\\.json)$',
      },
    },
    {
      name: 'time-through-the-clock',
      severity: 'error',
      comment: 'The core waits through Clock only.',
      from: { path: CORE, pathNot: [`${CORE}clock\\.ts$`, `${CORE}testing/`, ...TESTS] },
      to: { path: '^(node:)?timers(/|$)' },
    },
    {
      name: 'src-uses-its-dependencies',
      severity: 'error',
      comment: 'What is published imports at run time only what its package.json installs.',
      from: { path: '^(packages|apps)/[^/]+/(src|bin)/', pathNot: TESTS },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'],
        pathNot: '^@mail-proxy/',
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Imports of types count: what cannot be read alone is one part.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'Every import leads somewhere. The enterprise package is optional, pg-native is optional to pg.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(@mail-proxy/enterprise|pg-native)$' },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    // What is built here; the dist of what is installed is seen, or its importers would be judged without it.
    exclude: { path: ['^((packages|apps)/[^/]+|\\.\\.)/(dist|\\.cache|\\.turbo)/', '^\\.(cache|turbo)/'] },
    enhancedResolveOptions: {
      conditionNames: ['mail-proxy-source', 'import', 'node', 'types', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
    },
    tsPreCompilationDeps: true,
  },
};

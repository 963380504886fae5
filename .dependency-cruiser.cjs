/**
 * The arrows of the house. Libraries stand on floors; an import goes down, never up and never sideways:
 *
 *   src → gateways, rest-api, web-push, console → realtime → notifications → event-bus, access, egress, api-docs → protocol
 *   src → store-* → notifications, access (their ports: the log, and the keys, revocations and audit log)
 *
 * Libraries meet through `#clarion/<library>`, which resolves into the build; so both `libs/…` and `dist/libs/…` are named here.
 */
const FLOORS = [
  ['protocol'],
  ['event-bus', 'access', 'egress', 'api-docs'],
  ['notifications'],
  ['realtime'],
  ['gateway-[^/]+', 'rest-api', 'web-push', 'console', 'store-[^/]+'],
];

/** A library's own tests may look at anything below `src`. */
const TESTS = '\\.spec\\.ts$|^libs/[^/]+/test/';

const inLibraries = (names) => `^(?:dist/)?libs/(?:${names.join('|')})/`;

const arrows = FLOORS.map((names, floor) => ({
  name: `floor-${floor}-looks-down`,
  comment: `${names.join(', ')} may use only what stands below`,
  severity: 'error',
  from: { path: `^libs/(${names.join('|')})/`, pathNot: TESTS },
  to: {
    path: inLibraries(FLOORS.slice(floor).flat()),
    pathNot: '^(?:dist/)?libs/$1/',
  },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'stores-know-the-domain-alone',
      comment:
        'a store implements the ports of notifications and of access (keys and audit log lie in the same file, so that one backup has both), and knows no session',
      severity: 'error',
      from: { path: '^libs/store-[^/]+/', pathNot: TESTS },
      to: { path: inLibraries(['realtime']) },
    },
    {
      name: 'threads-load-no-schemas',
      comment:
        'what runs in a store’s threads takes words and grammar from `#clarion/protocol/plain`: schemas double what a thread takes to start',
      severity: 'error',
      from: {
        path: '^libs/store-[^/]+/src/',
        pathNot: `${TESTS}|/(?:sqlite-[^/]+|stored-key|[^/]+\\.config|[^/]+\\.module)\\.ts$`,
      },
      to: {
        path: ['libs/protocol/src/index\\.', 'libs/(?:access|notifications)/src/index\\.', '^node_modules/zod/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'swagger-comes-late',
      comment: '`@nestjs/swagger` is a seventh of a start: `#clarion/api-docs` loads it when a document is asked for',
      severity: 'error',
      from: { path: '^(?:src|libs)/', pathNot: `${TESTS}|^libs/api-docs/` },
      to: { path: '^node_modules/@nestjs/swagger/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'known-library',
      comment: 'a new library gets its floor in this file',
      severity: 'error',
      from: { path: '^libs/', pathNot: inLibraries(FLOORS.flat()) },
      to: {},
    },
    {
      name: 'libraries-know-no-application',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(?:dist/)?(?:src|bench|examples)/' },
    },
    {
      name: 'libraries-meet-at-the-door',
      comment: 'another library is reached through `#clarion/<library>`, never through its files',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: '^libs/$1/' },
    },
    {
      name: 'application-uses-the-door',
      severity: 'error',
      from: { path: '^(?:src|bench|examples|test)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/test/' },
    },
    {
      name: 'the-door-is-for-others',
      comment: 'inside a library import the file, not the library itself: a circle between injectables crashes at load',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(?:dist/libs/$1/|libs/$1/src/index\\.ts$)' },
    },
    {
      name: 'protocol-runs-anywhere',
      comment: 'clients in browsers use it too: no Nest, no Node',
      severity: 'error',
      from: { path: '^libs/protocol/src/', pathNot: TESTS },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg'], pathNot: '^node_modules/zod/' },
    },
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      // What a test builds for itself lies below .tmp.
      to: { couldNotResolve: true, pathNot: '\\.tmp/' },
    },
    {
      name: 'tests-stay-outside',
      comment: 'what ships imports no test',
      severity: 'error',
      from: { path: '^(?:src|libs|bench|examples)/', pathNot: `${TESTS}|\\.harness\\.ts$` },
      to: { path: '^test/|^libs/[^/]+/test/|\\.spec\\.ts$' },
    },
    {
      name: 'declared-production-dependency',
      comment: 'what ships needs no development dependency',
      severity: 'error',
      from: { path: '^(?:src|libs)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'types', 'default'], exportsFields: ['exports'] },
  },
};

/** Holds the table of import directions against the sources: what may know what. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Who may import whom. The first rule whose `from` matches a file decides: every import of that file must match one of
 * `allow`. Files and packages are written as paths from the root; built-in modules as `node:`.
 */
const RULES: readonly { from: RegExp; allow: readonly RegExp[]; because: string }[] = [
  {
    from: /^packages\/wire\//,
    allow: [/^packages\/wire\//, /^typebox(\/|$)/],
    because: 'the contract runs in browsers and depends on the schema library alone',
  },
  {
    from: /^packages\/client\/src\/node\//,
    allow: [/^packages\/client\//, /^@plumb\/wire\/sse$/, /^node:/],
    because: 'what needs files stands apart from what runs in browsers',
  },
  {
    from: /^packages\/client\/src\/kit\/batch\.ts$/,
    allow: [/^packages\/client\//],
    because: 'what needs files is loaded when it is asked for',
  },
  {
    from: /^packages\/client\//,
    allow: [/^packages\/client\/src\/(?!node\/)/, /^@plumb\/wire\/sse$/],
    because: 'the toolkit runs in browsers, and nobody else has to be installed for it',
  },
  {
    from: /^packages\/llama\/src\/native\//,
    allow: [/^packages\/llama\//, /^@plumb\/wire$/, /^node:/, /^node-llama-cpp$/],
    because: 'only this folder touches the native addon',
  },
  {
    from: /^packages\/llama\//,
    allow: [/^packages\/llama\//, /^@plumb\/wire$/, /^node:/],
    because: 'the engine process knows the contract and nothing of the server',
  },
  {
    from: /^packages\/server\/src\/(?:main\.ts|platform\.ts|assemble\/)/,
    allow: [/./],
    because: 'everything is put together here',
  },
  {
    from: /^packages\/server\/src\/cli\//,
    allow: [/./],
    because: 'commands may use whatever they start',
  },
  {
    from: /^packages\/server\/src\/workers\/(?:primary|start-workers|seats|worker|worker-program)\.ts$/,
    allow: [/^packages\/server\/src\//, /^node:/],
    because: 'the primary and a worker are put together here',
  },
  {
    from: /^packages\/server\/src\/workers\//,
    allow: [
      /^packages\/server\/src\/(?:workers|limits|ledger|observe|config|admin\/operations|faults|store\/store-error)/,
      /^packages\/server\/src\/(?:platform|engines\/(?:engine|pool-settings|pool\/(?:latencies|member|pool-state)))\.ts$/,
      /^node:(?:cluster|events)$/,
    ],
    because: 'workers share ports of the domain, and know no adapter',
  },
  {
    from: /^packages\/server\/src\/load\//,
    allow: [/^packages\/server\/src\/load\//, /^@plumb\/(?:client(?:\/plan|\/node)?|wire\/sse)$/, /^node:/, /^undici$/],
    because: 'a load is put on any endpoint, and knows nothing of ours',
  },
  {
    from: /^packages\/server\/src\/check\//,
    allow: [/^packages\/server\/src\/check\//, /^@plumb\/(?:client|wire\/sse)$/, /^undici$/],
    because: 'the suite judges endpoints from outside, and shares no view of the contract with the server',
  },
  {
    from: /^packages\/server\/src\/(?:accounts|limits|ledger|catalog|idempotency)\//,
    allow: [
      /^packages\/server\/src\/(?:accounts|limits|ledger|catalog|idempotency|observe\/clock)/,
      /^@plumb\/wire(?:\/schema)?$/,
      /^node:(?:crypto|util|http|zlib)$/,
      /^typebox(\/|$)/,
    ],
    because: 'the domain knows no http server, store or engine',
  },
  {
    from: /^packages\/server\/src\/store\/redis\//,
    allow: [/^packages\/server\/src\/(?:store\/redis|limits|observe)\//, /^@redis\/client$/, /^node:events$/],
    because: 'only this folder touches the Redis client, and nothing else of the store',
  },
  {
    from: /^packages\/server\/src\/store\//,
    allow: [
      /^packages\/server\/src\/(?:store|accounts|limits|ledger|catalog|idempotency|observe)\//,
      /^@plumb\/wire(?:\/schema)?$/,
      /^node:/,
      /^(?:kysely|pg)(\/|$)/,
    ],
    because: 'adapters implement ports of the domain and do not know each other',
  },
  {
    from: /^packages\/server\/src\/engines\//,
    allow: [
      /^packages\/server\/src\/(?:engines|catalog|observe\/clock|limits\/(?:timers|steady-clock|maybe-promise))/,
      /^@plumb\/(?:wire(?:\/schema)?|llama\/(?:link|grammar)|client\/tokenizer)$/,
      /^node:/,
      /^(?:typebox|undici|yaml)(\/|$)/,
    ],
    because: 'engines implement the engine port and know neither http nor accounts',
  },
  {
    from: /^packages\/server\/src\/models\//,
    allow: [/^packages\/server\/src\/models\//, /^node:/],
    because: 'fetching models stands alone',
  },
  {
    from: /^packages\/server\/src\/faults\//,
    allow: [
      /^packages\/server\/src\/(?:faults|http)\//,
      /^packages\/server\/src\/(?:inference\/(?:body|work)|engines\/engine|catalog\/model-entry)\.ts$/,
      /^packages\/server\/src\/(?:limits\/timers|observe\/clock|config\/(?:nearest-name|schema-node))\.ts$/,
      /^@plumb\/wire(?:\/schema)?$/,
      /^node:/,
      /^typebox(\/|$)/,
    ],
    because: 'faults are put between the parts of the way of a request, and know no more than those',
  },
  {
    from: /^packages\/server\/src\/admin\//,
    allow: [
      /^packages\/server\/src\/(?:admin|http|observe|config|faults|accounts|limits|ledger|catalog)\//,
      /^packages\/server\/src\/(?:platform|engines\/pool\/pool-state)\.ts$/,
      /^@plumb\/wire(?:\/schema)?$/,
      /^node:/,
      /^typebox(\/|$)/,
    ],
    because: 'administration knows the domain and the edge of the server, no adapter',
  },
  {
    from: /^packages\/server\/src\/(?:http|inference|dialects|openapi|observe|config)\//,
    allow: [
      /^packages\/server\/src\/(?:http|inference|dialects|openapi|admin|observe|config|faults|accounts|limits|ledger|catalog|idempotency|engines\/(?:engines?|under-way|pool-settings|simulated\/(?:settings|presets))\.ts|platform\.ts)/,
      /^@plumb\/wire(?:\/schema)?$/,
      /^node:/,
      /^(?:pino|prom-client|yaml|typebox)(\/|$)/,
    ],
    because: 'the way of a request knows the domain and the engine port, no adapter',
  },
];

test('every import of the packages follows the table of directions', () => {
  const violations = sourceFiles(join(root, 'packages')).flatMap(findViolations);
  assert.deepEqual(violations, []);
});

test('the table knows every source file of the packages', () => {
  const unknown = sourceFiles(join(root, 'packages')).filter((file) => ruleFor(file) === undefined);
  assert.deepEqual(unknown, []);
});

function findViolations(file: string): string[] {
  const rule = ruleFor(file);
  if (rule === undefined) return [];
  return importsOf(file)
    .filter((target) => !rule.allow.some((allowed) => allowed.test(target)))
    .map((target) => `${file} imports ${target}, but ${rule.because}`);
}

function ruleFor(file: string) {
  return RULES.find(({ from }) => from.test(file));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm),
  ];
  return specifiers.map(([, fromClause, dynamic]) => resolveSpecifier(file, fromClause ?? dynamic ?? ''));
}

function resolveSpecifier(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(file), specifier)).replace(/\.js$/, '.ts');
  return builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => /^packages\/[^/]+\/src\//.test(path));
}

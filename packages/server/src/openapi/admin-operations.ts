/** What operators can do with an admin key. */
import { Type } from '@plumb/wire/schema';
import type { TSchema } from 'typebox';
import { PageQuery } from '../admin/input/page.js';
import { ADMIN_PREFIX } from '../admin/routes.js';
import { AccountAnswer, AccountChange, AccountCreation, AccountList } from '../admin/shapes/account.js';
import { AdminKeyAnswer, AdminKeyCreation, AdminKeyList, CreatedAdminKeyAnswer } from '../admin/shapes/admin-key.js';
import { AuditList } from '../admin/shapes/audit.js';
import { EngineAnswer, EngineChange, EngineList } from '../admin/shapes/engine.js';
import { FaultAnswer, FaultCreation, FaultList } from '../admin/shapes/fault.js';
import { AddedAnswer, CheckAnswer, EntryList, FundsAddition } from '../admin/shapes/funds.js';
import { CreatedKeyAnswer, KeyAnswer, KeyChange, KeyCreation, KeyList, KeyQuery } from '../admin/shapes/key.js';
import { ReloadAnswer } from '../admin/shapes/reload.js';
import { TierList } from '../admin/shapes/tier.js';
import { RecordAnswer, RecordsQuery, UsageList, UsageQuery } from '../admin/shapes/usage.js';
import type { Answer, Operation } from './operation.js';

const ACCOUNT = 'The id or the name of an account.';
const KEY = 'The id of a key.';

const json = (schema: TSchema, description: string, status = 200): Answer => {
  return { status, description, content: { 'application/json': schema } };
};

type Described = Omit<Operation, 'path' | 'tag' | 'errors' | 'key'> & Partial<Pick<Operation, 'errors'>>;

/** Operations under one tag; `errors` are those beside the common ones. */
function group(tag: string, path: string, operations: readonly (Described & { readonly at?: string })[]): Operation[] {
  return operations.map(({ at = '', errors = [], ...operation }) => {
    const read = operation.body === undefined ? [] : ([413, 415] as const);
    const all = [...new Set([400, 401, 403, ...errors, ...read, 500, 503] as const)];
    return { ...operation, path: `${ADMIN_PREFIX}${path}${at}`, tag, errors: all, key: 'admin' };
  });
}

const accounts = group('Accounts', '/accounts', [
  {
    ...{ method: 'GET', summary: 'List accounts', description: 'From the oldest to the newest.', query: PageQuery },
    answer: json(AccountList, 'A page of accounts.'),
  },
  {
    ...{ method: 'POST', summary: 'Make an account', description: 'Names are unique.', body: AccountCreation },
    example: { name: 'research' },
    answer: json(AccountAnswer, 'The account.', 201),
    errors: [409],
  },
  {
    ...{ method: 'GET', at: '/{id}', id: ACCOUNT, summary: 'Show an account', description: 'With its balance.' },
    answer: json(AccountAnswer, 'The account.'),
    errors: [404],
  },
  {
    ...{ method: 'PATCH', at: '/{id}', id: ACCOUNT, summary: 'Change an account', body: AccountChange },
    description: 'What is left out stays as it is.',
    example: { tier: 'scale' },
    answer: json(AccountAnswer, 'The account as it is now.'),
    errors: [404, 409],
  },
]);

const funds = group('Money', '', [
  {
    ...{ method: 'GET', at: '/accounts/{id}/ledger', id: ACCOUNT, summary: 'List ledger entries', query: PageQuery },
    description: 'Every movement of money of an account, from the newest to the oldest.',
    answer: json(EntryList, 'A page of entries.'),
    errors: [404],
  },
  ...(['credit', 'grant'] as const).map((kind) => ({
    method: 'POST' as const,
    at: `/accounts/{id}/${kind}s`,
    id: ACCOUNT,
    summary: kind === 'credit' ? 'Add money that was paid' : 'Add money that is given',
    description: 'A second addition with the same `reference` adds nothing and answers 200.',
    body: FundsAddition,
    example: { amount: '10', reference: 'invoice-1' },
    answer: json(AddedAnswer, 'The entry, and the balance after it.', 201),
    otherAnswer: json(AddedAnswer, 'It was there already; nothing was added.'),
    errors: [404, 409] as const,
  })),
  {
    ...{ method: 'GET', at: '/ledger/check', summary: 'Check the ledger' },
    description: 'Adds everything up and lists the accounts whose balance is another one.',
    answer: json(CheckAnswer, 'What the check found.'),
  },
]);

const keys = group('Keys', '/keys', [
  {
    ...{
      method: 'GET',
      summary: 'List keys',
      description: 'Of one account or of all; never a secret.',
      query: KeyQuery,
    },
    answer: json(KeyList, 'A page of keys.'),
    errors: [404],
  },
  {
    ...{ method: 'POST', summary: 'Make a key', body: KeyCreation },
    description: 'The answer has the key itself, once and never again.',
    example: { account: 'research', name: 'notebook', requests_per_minute: 60 },
    answer: json(CreatedKeyAnswer, 'The key, with its secret.', 201),
    errors: [404, 409],
  },
  {
    ...{ method: 'GET', at: '/{id}', id: KEY, summary: 'Show a key', description: 'Without its secret.' },
    answer: json(KeyAnswer, 'The key.'),
    errors: [404],
  },
  {
    ...{ method: 'PATCH', at: '/{id}', id: KEY, summary: 'Change a key', body: KeyChange },
    description: 'What is left out stays as it is, and null takes it away.',
    example: { expires_at: '2027-01-01' },
    answer: json(KeyAnswer, 'The key as it is now.'),
    errors: [404, 409],
  },
  {
    ...{ method: 'DELETE', at: '/{id}', id: KEY, summary: 'Revoke a key', description: 'It counts no more, at once.' },
    answer: json(KeyAnswer, 'The key as it is now.'),
    errors: [404],
  },
]);

const usage = group('Usage', '/usage', [
  {
    ...{ method: 'GET', summary: 'Sum up usage', query: UsageQuery },
    description: 'Tokens and costs of a time, apart by account, key, model or day.',
    answer: {
      status: 200,
      description: 'The sums.',
      content: { 'application/json': UsageList, 'text/csv': Type.String(), 'application/x-ndjson': Type.String() },
    },
  },
  {
    ...{ method: 'GET', at: '/records', summary: 'Export usage records', query: RecordsQuery },
    description: 'One line for each request, as JSON or CSV.',
    answer: {
      status: 200,
      description: 'One record a line.',
      content: { 'application/x-ndjson': RecordAnswer, 'text/csv': Type.String() },
    },
  },
]);

const adminKeys = group('Admin keys', '/admin-keys', [
  {
    ...{ method: 'GET', summary: 'List admin keys', description: 'Without their secrets.' },
    answer: json(AdminKeyList, 'All of them.'),
  },
  {
    ...{ method: 'POST', summary: 'Make an admin key', body: AdminKeyCreation },
    description: 'The answer has the key itself, once and never again.',
    example: { name: 'console' },
    answer: json(CreatedAdminKeyAnswer, 'The key, with its secret.', 201),
    errors: [409],
  },
  {
    ...{ method: 'DELETE', at: '/{id}', id: 'The id of an admin key.', summary: 'Revoke an admin key' },
    description: 'It counts no more, at once.',
    answer: json(AdminKeyAnswer, 'The key as it is now.'),
    errors: [404, 409],
  },
]);

const engines = group('Engines', '', [
  {
    ...{ method: 'GET', at: '/engines', summary: 'List engines' },
    description: 'The engines of all pools, as they are now.',
    answer: json(EngineList, 'All of them.'),
  },
  {
    ...{
      method: 'PATCH',
      at: '/engines/{id}',
      id: 'An engine, as `pool:engine`.',
      summary: 'Drain or resume an engine',
    },
    description: 'Until the server stops. A drained engine finishes what it works on.',
    body: EngineChange,
    example: { draining: true },
    answer: json(EngineAnswer, 'The engine as it is now.'),
    errors: [404],
  },
  {
    ...{ method: 'POST', at: '/reload', summary: 'Read the configuration again' },
    description: 'Answers 400 with every problem of a configuration that cannot be used; nothing has changed then.',
    answer: json(ReloadAnswer, 'What changed, and what waits for a restart.'),
  },
]);

const faults = group('Faults', '/faults', [
  {
    ...{ method: 'GET', summary: 'List fault rules' },
    description: 'What is injected on purpose, and how often that was.',
    answer: json(FaultList, 'All of them, in the order in which they are asked.'),
  },
  {
    ...{ method: 'POST', summary: 'Add a fault rule', body: FaultCreation },
    description: 'It holds from now on until it is removed or the server stops.',
    example: { name: 'outage', fault: 'status', status: 503, from_s: 30, to_s: 60 },
    answer: json(FaultAnswer, 'The rule.', 201),
    errors: [409],
  },
  {
    ...{ method: 'DELETE', summary: 'Remove all fault rules' },
    description: 'Those of the configuration are back with the next reload or start.',
    answer: json(FaultList, 'What was removed.'),
  },
  {
    ...{ method: 'DELETE', at: '/{id}', id: 'The name of a rule.', summary: 'Remove a fault rule' },
    description: 'Requests that have met it already go on with it.',
    answer: json(FaultAnswer, 'What was removed.'),
    errors: [404],
  },
]);

const other = [
  ...group('Tiers', '/tiers', [
    {
      ...{ method: 'GET', summary: 'List tiers', description: 'The sets of limits of the configuration.' },
      answer: json(TierList, 'All of them.'),
    },
  ]),
  ...group('Audit', '/audit', [
    {
      ...{ method: 'GET', summary: 'List changes', description: 'Who changed what, newest first.', query: PageQuery },
      answer: json(AuditList, 'A page of changes.'),
    },
  ]),
  ...group('Metrics', '/metrics', [
    {
      ...{ method: 'GET', summary: 'Read the metrics', description: 'In the text format of Prometheus.' },
      answer: { status: 200, description: 'All metrics.', content: { 'text/plain': Type.String() } },
    },
  ]),
];

export const ADMIN_OPERATIONS: readonly Operation[] = [
  ...accounts,
  ...keys,
  ...funds,
  ...usage,
  ...engines,
  ...faults,
  ...adminKeys,
  ...other,
];

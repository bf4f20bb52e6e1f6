import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CredentialHeaders, readCredential } from '#server/accounts/credentials.js';

describe('the key of a request', () => {
  const cases: [string, CredentialHeaders, string | undefined][] = [
    ['is what follows Bearer', { authorization: 'Bearer sk-a' }, 'sk-a'],
    ['is found whatever the letter case of the scheme', { authorization: 'bEARER sk-a' }, 'sk-a'],
    ['is found after several spaces', { authorization: 'Bearer   sk-a  ' }, 'sk-a'],
    ['may be sent as x-api-key', { 'x-api-key': ' sk-a ' }, 'sk-a'],
    ['is the first x-api-key of several', { 'x-api-key': ['sk-a', 'sk-b'] }, 'sk-a'],
    ['is that of Bearer when both are sent', { authorization: 'Bearer sk-a', 'x-api-key': 'sk-b' }, 'sk-a'],
    ['is x-api-key beside another scheme', { authorization: 'Basic YTpi', 'x-api-key': 'sk-b' }, 'sk-b'],
    ['is x-api-key beside an empty Bearer', { authorization: 'Bearer ', 'x-api-key': 'sk-b' }, 'sk-b'],
    ['is missing without headers', {}, undefined],
    ['is missing in empty headers', { authorization: '', 'x-api-key': '' }, undefined],
    ['is missing in an empty list', { 'x-api-key': [] }, undefined],
    ['is missing with another scheme', { authorization: 'Basic YTpi' }, undefined],
    ['is missing without a scheme', { authorization: 'sk-a' }, undefined],
    ['is missing after the bare word Bearer', { authorization: 'Bearer' }, undefined],
    ['is missing when nothing but space follows Bearer', { authorization: 'Bearer    ' }, undefined],
    ['is missing when the scheme only begins like Bearer', { authorization: 'BearerToken sk-a' }, undefined],
  ];
  for (const [name, headers, expected] of cases) {
    test(name, () => assert.equal(readCredential(headers), expected));
  }
});

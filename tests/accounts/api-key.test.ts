import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { NameError, readName } from '#server/accounts/account.js';
import { KeyHasher, mintKey, randomText } from '#server/accounts/api-key.js';

describe('a new key', () => {
  test('is sk- and 40 letters and digits, and another one each time', () => {
    const keys = Array.from({ length: 1000 }, mintKey);
    for (const key of keys) assert.match(key, /^sk-[0-9A-Za-z]{40}$/);
    assert.equal(new Set(keys).size, keys.length);
  });

  test('uses every letter and digit equally often', () => {
    const perCharacter = 2000;
    const counts = new Map<string, number>();
    for (const character of randomText(62 * perCharacter)) counts.set(character, (counts.get(character) ?? 0) + 1);
    assert.equal(counts.size, 62);
    // Six standard deviations of a binomial distribution: a fair source fails once in millions of runs.
    const tolerance = 6 * Math.sqrt(perCharacter);
    for (const [character, count] of counts)
      assert.ok(Math.abs(count - perCharacter) < tolerance, `${character}: ${count}`);
  });
});

describe('the hash of a key', () => {
  test('is HMAC-SHA-256 under the secret', () => {
    const secret = Buffer.alloc(32, 7);
    const expected = createHmac('sha256', secret).update('sk-a').digest('base64url');
    assert.equal(new KeyHasher(secret).hash('sk-a'), expected);
    assert.notEqual(new KeyHasher(Buffer.alloc(32, 8)).hash('sk-a'), expected);
  });
});

describe('the name of an account or a key', () => {
  test('is taken without the white space around it', () => {
    assert.equal(readName('  Team Ä 1 ', 'account'), 'Team Ä 1');
  });

  test('is refused when it is empty, too long or has control characters', () => {
    for (const name of ['', '  ', 'x'.repeat(65), 'a\nb', 'a\u{1b}[31m', 'a\u{202E}b']) {
      assert.throws(() => readName(name, 'key'), NameError, JSON.stringify(name));
    }
  });
});

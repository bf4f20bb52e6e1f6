/** How prompts find the engine that has read their beginning before. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChatRequest, Message } from '@plumb/wire';
import fc from 'fast-check';
import type { Candidate, Work } from '#server/engines/pool/choose/choice.js';
import { LOAD_BOUND, PrefixAffinity, SPARE_REQUESTS } from '#server/engines/pool/choose/prefix-affinity.js';

const choice = new PrefixAffinity();
const SYSTEM: Message = { role: 'system', content: 'You are an agent with many instructions. '.repeat(200) };

function engines(...names: string[]): Candidate[] {
  return names.map((name) => ({ name, weight: 1, outstandingTokens: 0 }));
}

function work(messages: Message[], cacheScope = 'account/', request: Partial<ChatRequest> = {}): Work {
  return { job: { request: { model: 'm', messages, ...request }, cacheScope }, tokens: 100 };
}

function opening(number: number, cacheScope?: string): Work {
  return work([SYSTEM, { role: 'user', content: `Task ${number}` }], cacheScope);
}

function share(candidates: readonly Candidate[], works: readonly Work[]): Record<string, number> {
  const counts = Object.fromEntries(candidates.map(({ name }) => [name, 0]));
  for (const each of works) counts[choice.choose(candidates, each).name]! += 1;
  return counts;
}

const NUMBERS = Array.from({ length: 1000 }, (_, number) => number);

describe('where nothing else is to do', () => {
  test('texts to continue stay by how they open, and spread otherwise', () => {
    const candidates = engines('a', 'b', 'c', 'd');
    const textOf = (prompt: string): Work => ({ ...work([]), job: { ...work([]).job, text: { prompt } } });
    const begun = 'x'.repeat(4000);
    const homes = new Set(NUMBERS.map((number) => choice.choose(candidates, textOf(begun + number)).name));
    assert.equal(homes.size, 1);
    const counts = share(
      candidates,
      NUMBERS.map((number) => textOf(`File ${number}`)),
    );
    for (const count of Object.values(counts)) assert.ok(count > 150 && count < 350, JSON.stringify(counts));
  });

  test('a conversation that grows stays where it was', () => {
    const candidates = engines('a', 'b', 'c', 'd');
    for (const number of NUMBERS.slice(0, 50)) {
      const messages: Message[] = [SYSTEM, { role: 'user', content: `Task ${number}` }];
      const home = choice.choose(candidates, work(messages));
      for (let turn = 0; turn < 5; turn++) {
        messages.push({ role: 'assistant', content: `Answer ${turn}` }, { role: 'user', content: `More ${turn}` });
        assert.equal(choice.choose(candidates, work([...messages])), home);
      }
    }
  });

  test('conversations with a common system prompt spread over all engines', () => {
    const counts = share(
      engines('a', 'b', 'c', 'd'),
      NUMBERS.map((number) => opening(number)),
    );
    for (const count of Object.values(counts)) assert.ok(count > 180 && count < 320, JSON.stringify(counts));
  });

  test('the same beginning from different users spreads too: their caches are not shared', () => {
    const counts = share(
      engines('a', 'b', 'c', 'd'),
      NUMBERS.map((number) => opening(0, `account/user ${number}`)),
    );
    for (const count of Object.values(counts)) assert.ok(count > 180 && count < 320, JSON.stringify(counts));
  });

  test('engines get conversations by their weight', () => {
    const candidates = [...engines('a', 'b'), { name: 'heavy', weight: 2, outstandingTokens: 0 }];
    const counts = share(
      candidates,
      NUMBERS.map((number) => opening(number)),
    );
    assert.ok(counts.heavy! > 430 && counts.heavy! < 570, JSON.stringify(counts));
  });

  test('long first messages that begin alike go to the same engine, whatever is asked at their end', () => {
    const document = 'A long document that everybody asks about. '.repeat(300);
    const ask = (number: number) => work([{ role: 'user', content: `${document}\n\nQuestion ${number}` }]);
    const counts = share(engines('a', 'b', 'c', 'd'), NUMBERS.map(ask));
    assert.equal(Math.max(...Object.values(counts)), 1000);
  });

  test('a message in parts is the same as far as its texts are', () => {
    const candidates = engines('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    for (const number of NUMBERS.slice(0, 50)) {
      const parts = work([SYSTEM, { role: 'user', content: [{ type: 'text', text: `Task ${number}` }] }]);
      assert.equal(choice.choose(candidates, parts), choice.choose(candidates, opening(number)));
    }
  });
});

test('adding or removing an engine moves only its share of the conversations', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(names, (all) => {
      const [, ...fewer] = all;
      const [before, after] = [engines(...all), engines(...fewer)];
      const [gone] = all;
      let moved = 0;
      for (const number of NUMBERS.slice(0, 300)) {
        const home = choice.choose(before, opening(number)).name;
        const next = choice.choose(after, opening(number)).name;
        if (home === gone) moved += 1;
        else assert.equal(next, home, 'a conversation moved although its engine stayed');
      }
      const fair = 300 / all.length;
      assert.ok(moved > fair * 0.4 && moved < fair * 1.7, `${moved} moved of 300 with ${all.length} engines`);
    }),
    { numRuns: 60 },
  );
});

test('no engine takes a request when it has more than 1.25 times its fair share and two requests', () => {
  const candidates = fc.array(
    fc.record({ weight: fc.constantFrom(0.5, 1, 2, 7), outstandingTokens: fc.nat(100_000) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(candidates, fc.integer({ min: 1, max: 50_000 }), fc.nat(), (members, tokens, number) => {
      const named = members.map((member, index) => ({ ...member, name: `engine ${index}` }));
      const { weight, outstandingTokens } = choice.choose(named, { ...opening(number), tokens });
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
      const all = tokens + sum(named.map((member) => member.outstandingTokens));
      const fairShare = (all * weight) / sum(named.map((member) => member.weight));
      const most = LOAD_BOUND * fairShare + SPARE_REQUESTS * tokens;
      assert.ok(outstandingTokens <= most, `${outstandingTokens} of ${most}`);
    }),
  );
});

test('what an engine has no room for goes to the next in the order of its conversation, the same one every time', () => {
  const candidates = ['a', 'b', 'c', 'd'].map((name) => ({ name, weight: 1, outstandingTokens: 0 }));
  const home = choice.choose(candidates, opening(1));
  home.outstandingTokens = 100_000;
  const next = choice.choose(candidates, opening(1));
  assert.notEqual(next, home);
  const others = candidates.filter((candidate) => candidate !== home);
  assert.equal(choice.choose(others, opening(1)), next);
});

test('many requests of one conversation at once spread over the engines', () => {
  const candidates = ['a', 'b', 'c', 'd'].map((name) => ({ name, weight: 1, outstandingTokens: 0 }));
  for (let request = 0; request < 400; request++) choice.choose(candidates, opening(1)).outstandingTokens += 100;
  for (const { outstandingTokens } of candidates) {
    assert.ok(outstandingTokens <= LOAD_BOUND * 10_000 + (1 + SPARE_REQUESTS) * 100, JSON.stringify(candidates));
    assert.ok(outstandingTokens > 0, JSON.stringify(candidates));
  }
});

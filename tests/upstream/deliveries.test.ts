/** What came together goes on together. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Deliveries } from '#server/engines/upstream/deliveries.js';
import { replay } from './support/replay.js';

const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

describe('deliveries', () => {
  test('come later and in order, also those that are asked for meanwhile', async () => {
    const deliveries = new Deliveries();
    const delivered: string[] = [];
    const asked = { deliver: () => void delivered.push('meanwhile') };
    deliveries.add({
      deliver() {
        delivered.push('first');
        deliveries.add(asked);
      },
    });
    deliveries.add({ deliver: () => void delivered.push('second') });
    assert.deepEqual(delivered, []);
    await undefined;
    assert.deepEqual(delivered, ['first', 'second', 'meanwhile']);
  });

  test('pass on the events of one read in one piece', async () => {
    const sink = await replay({ kind: 'openai' }, [chunk('a'), chunk('b'), chunk('c'), 'data: [DONE]\n\n']);
    assert.equal(sink.pieces.length, 1);
    assert.equal(sink.response.choices[0]?.message.content, 'abc');
  });
});

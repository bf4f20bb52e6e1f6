/** Comma-separated values: what is written can be read again, and no spreadsheet runs it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { defuse, writeCsvRow } from '#server/admin/export/csv.js';

/** Reads RFC 4180, letter by letter. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (quoted && letter === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === ',') {
      row.push(cell);
      cell = '';
    } else if (!quoted && text.startsWith('\r\n', at)) {
      rows.push([...row, cell]);
      [row, cell] = [[], ''];
      at += 1;
    } else cell += letter;
  }
  assert.ok(!quoted && cell === '' && row.length === 0, 'the text ends with a line end');
  return rows;
}

const awkward = fc.constantFrom('"', ',', '\r', '\n', '\r\n', ' ', "'", '=', '+', '-', '@', '\t', 'ä', '🦊', '""', 'x');
const cells = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(awkward).map((parts) => parts.join('')),
  ),
  {
    minLength: 1,
  },
);

describe('comma-separated values', () => {
  test('are read as what was written, whatever it was', () => {
    fc.assert(
      fc.property(fc.array(cells, { minLength: 1 }), (rows) => {
        assert.deepEqual(parseCsv(rows.map(writeCsvRow).join('')), rows);
      }),
    );
  });

  test('have quotes only where they are needed', () => {
    assert.equal(writeCsvRow(['a', '-1.50', 'b c', '']), 'a,-1.50,b c,\r\n');
    assert.equal(writeCsvRow(['a,b', '"', ' c', 'd\ne']), '"a,b",""""," c","d\ne"\r\n');
  });
});

describe('a text that people chose', () => {
  test('never begins with a sign that starts a formula, and can be told back', () => {
    fc.assert(
      fc.property(
        fc.array(awkward).map((parts) => parts.join('')),
        (text) => {
          const harmless = defuse(text);
          assert.ok(!/^[=+\-@\t\r]/.test(harmless));
          assert.equal(/^'+[=+\-@\t\r]/.test(harmless) ? harmless.slice(1) : harmless, text);
        },
      ),
    );
  });

  test('stays as it is when it is none', () => {
    for (const text of ['', 'a=b', "it's", "'quoted'", '1+1']) assert.equal(defuse(text), text);
    assert.equal(defuse('=1+1'), "'=1+1");
  });
});

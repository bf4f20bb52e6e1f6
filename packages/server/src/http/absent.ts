/** The endpoints of OpenAI's and DeepSeek's APIs that are not served: a client that asks for one is told what to use. */

interface Absent {
  /** The first segment of the path after its prefix. */
  readonly path: string;
  /** What is not there, as the beginning of a sentence. */
  readonly what: string;
  /** What to do instead, as a sentence. */
  readonly instead: string;
}

const ABSENT: readonly Absent[] = [
  { path: '/fine_tuning', what: 'Fine-tuning is', instead: 'Train a model elsewhere and serve its GGUF as `model`.' },
  { path: '/fine-tunes', what: 'Fine-tuning is', instead: 'Train a model elsewhere and serve its GGUF as `model`.' },
  { path: '/images', what: 'Making images is', instead: 'Use an image service beside this server.' },
  { path: '/audio', what: 'Speech and transcription are', instead: 'Use a speech service beside this server.' },
  { path: '/videos', what: 'Making videos is', instead: 'Use a video service beside this server.' },
  { path: '/realtime', what: 'The realtime API is', instead: 'Use POST /chat/completions with `stream: true`.' },
  { path: '/assistants', what: 'Assistants are', instead: 'Use POST /chat/completions with `tools`.' },
  { path: '/threads', what: 'Threads are', instead: 'Send the whole conversation to POST /chat/completions.' },
  {
    path: '/conversations',
    what: 'Conversations are',
    instead: 'Send the whole conversation to POST /chat/completions.',
  },
  { path: '/vector_stores', what: 'Vector stores are', instead: 'Keep the vectors of POST /embeddings in a database.' },
  {
    path: '/containers',
    what: 'Containers are',
    instead: 'Run code yourself, behind `tools` of POST /chat/completions.',
  },
  { path: '/evals', what: 'Evaluations are', instead: 'Ask POST /chat/completions from a test of your own.' },
  { path: '/moderations', what: 'Moderation is', instead: 'Ask a model by POST /chat/completions to judge a text.' },
  { path: '/edits', what: 'Edits are', instead: 'Use POST /completions with a `suffix`, or POST /chat/completions.' },
  { path: '/engines', what: 'Engines are', instead: 'Use GET /models.' },
  { path: '/uploads', what: 'Uploads in parts are', instead: 'Send what is read as text in the messages.' },
  { path: '/files', what: 'Files are', instead: 'Send what is read as text in the messages.' },
  { path: '/batches', what: 'Batches are', instead: 'Send the requests to POST /chat/completions one by one.' },
  { path: '/responses', what: 'The responses API is', instead: 'Use POST /chat/completions.' },
  { path: '/organization', what: 'The API of organizations is', instead: 'Use the admin API under /admin/v1.' },
];

/** A sentence about an endpoint that is not there, or undefined for a path that nobody could expect. */
export function explainAbsent(path: string, prefixes: readonly string[]): string | undefined {
  for (const { path: absent, what, instead } of ABSENT) {
    const isMeant = prefixes.some((prefix) => path === prefix + absent || path.startsWith(`${prefix}${absent}/`));
    if (isMeant) return `${what} not served here. ${instead}`;
  }
  return undefined;
}

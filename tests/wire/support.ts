/** What the tests of the wire package share. */
import assert from 'node:assert/strict';
import { type ApiError, type ChatRequest, isApiError, parseJsonBody, readChatRequest } from '@plumb/wire';

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Reads a request as the server does. */
export function readBody(text: string): ChatRequest {
  const bytes = bytesOf(text);
  return readChatRequest(parseJsonBody(bytes), bytes);
}

/** A request that is right, but for the given fields. */
export function readFields(fields: object): ChatRequest {
  return readBody(JSON.stringify({ model: 'deepseek-flash', messages: [{ role: 'user', content: 'Hi' }], ...fields }));
}

/** A request that is right, but for its messages. */
export function readMessages(...messages: object[]): ChatRequest {
  return readFields({ messages });
}

/** The `ApiError` that something throws; fails when it throws nothing, or anything else. */
export function refusalOf(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (!isApiError(error)) throw error;
    return error;
  }
  return assert.fail('nothing was refused');
}

/** The message with which something is refused. */
export function messageOf(run: () => unknown): string {
  return refusalOf(run).message;
}

/** The rules on images: who may show them, and how they are addressed. What is in them is not looked at here. */
import type { ContentPart, FilePart, Message } from '../chat/message.js';
import { invalidRequest } from '../errors/named-errors.js';
import { MAX_IMAGE_URL_CHARACTERS } from '../limits.js';

/**
 * Checks the images and files of all messages.
 *
 * @throws ApiError invalid_request for the first one that breaks a rule.
 */
export function checkImages(messages: readonly Message[]): void {
  for (const [index, message] of messages.entries()) {
    if (!Array.isArray(message.content)) continue;
    for (const [place, part] of message.content.entries()) {
      if (part.type === 'text') continue;
      if (message.role !== 'user' && message.role !== 'tool') {
        throw invalidRequest(`Image in ${message.role} message is unsupported`);
      }
      checkAddress(part, `messages[${index}].content[${place}]`);
    }
  }
}

function checkAddress(part: Exclude<ContentPart, { type: 'text' }>, path: string): void {
  if (part.type === 'image_url') checkUrl(part.image_url.url, path);
  else checkFile(part, path);
}

function checkUrl(url: string, path: string): void {
  // Schemes are not case-sensitive (RFC 3986, section 3.1).
  if (/^data:/i.test(url)) return;
  if (!/^https?:\/\//i.test(url)) throw invalidRequest(`${path}.image_url.url: Unsupported image_url format`);
  if (url.length > MAX_IMAGE_URL_CHARACTERS) {
    throw invalidRequest(
      `external link length ${url.length} too long, max link length ${MAX_IMAGE_URL_CHARACTERS}. ` +
        'Consider passing file data directly with base64 data url instead.',
    );
  }
}

function checkFile({ file_id, file_data }: FilePart, path: string): void {
  const hasId = typeof file_id === 'string';
  const hasData = typeof file_data === 'string';
  if (!hasId && !hasData) throw invalidRequest(`${path}: file must have file_id or file_data`);
  if (hasId && hasData) throw invalidRequest(`${path}: file cannot have both file_id and file_data`);
}

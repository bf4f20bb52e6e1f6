/** Stands between an answer and its exchange and passes everything on; each fault on the way out changes a part of that. */
import type { ApiError } from '@plumb/wire';
import type { Outgoing } from '../../http/exchange.js';

export class Outlet implements Outgoing {
  protected readonly exchange: Outgoing;

  constructor(exchange: Outgoing) {
    this.exchange = exchange;
  }

  get headersSent(): boolean {
    return this.exchange.headersSent;
  }

  get bufferedBytes(): number {
    return this.exchange.bufferedBytes;
  }

  get isFull(): boolean {
    return this.exchange.isFull;
  }

  onDrained(callback: () => void): void {
    this.exchange.onDrained(callback);
  }

  onClientLeft(callback: () => void): void {
    this.exchange.onClientLeft(callback);
  }

  beginBody(contentType: string): void {
    this.exchange.beginBody(contentType);
  }

  write(piece: string | Uint8Array): void {
    this.exchange.write(piece);
  }

  end(piece?: string | Uint8Array): void {
    this.exchange.end(piece);
  }

  sendJson(status: number, json: string, headers?: Record<string, string>): void {
    this.exchange.sendJson(status, json, headers);
  }

  sendError(error: ApiError): void {
    this.exchange.sendError(error);
  }

  destroy(): void {
    this.exchange.destroy();
  }
}

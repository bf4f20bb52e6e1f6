/** Whether the admin API is served at all. */
import { BlockList, isIP } from 'node:net';
import type { Config } from '../config/settings.js';

/** `admin.enabled` decides; `loopback` asks whether no other machine can reach the address that is listened on. */
export function isAdminEnabled({ admin, host }: Pick<Config, 'admin' | 'host'>): boolean {
  return admin.enabled === 'always' || (admin.enabled === 'loopback' && isLoopback(host));
}

function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

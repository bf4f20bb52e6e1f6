/** nginx as a reverse proxy with one worker: what passing bytes takes in C. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../../support/server-process.js';
import { CHAT_PATH, type Contender, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

export const nginx: Contender = {
  name: 'nginx',
  isRare: false,
  duties: 'passes bytes; access log on',
  async find() {
    const { stderr } = await promisify(execFile)('nginx', ['-v']).catch(() => {
      throw new Error('nginx is not on the PATH');
    });
    return { version: /nginx\/\S+/.exec(stderr)?.[0] ?? 'unknown', start };
  },
};

async function start(setting: Setting) {
  const port = await findFreePort();
  const path = join(setting.folder, 'nginx.conf');
  await writeFile(path, writeConfig(setting, port));
  const words = ['-p', setting.folder, '-e', join(setting.folder, 'error.log'), '-c', path];
  return { ...startPinned(setting, 'nginx', words), target: { port, path: CHAT_PATH, headers: {} } };
}

function writeConfig({ upstreamPort, folder }: Setting, port: number): string {
  return `daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 8192; }
http {
  access_log ${join(folder, 'access.log')};
  client_body_temp_path ${join(folder, 'body')};
  proxy_temp_path ${join(folder, 'proxy')};
  fastcgi_temp_path ${join(folder, 'fastcgi')};
  uwsgi_temp_path ${join(folder, 'uwsgi')};
  scgi_temp_path ${join(folder, 'scgi')};
  client_max_body_size 50m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  upstream stub {
    server 127.0.0.1:${upstreamPort};
    keepalive 2048;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://stub;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`;
}

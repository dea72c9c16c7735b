#!/bin/sh
# deploy/logrotate.sh
# Let PM2 rotate its log files: 100 MB at most, 7 kept, compressed. Takes about 60 MB of memory.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH:$PWD/.venv/bin"
pm2 install pm2-logrotate@3.0.0
pm2 set pm2-logrotate:max_size 100M
pm2 set pm2-logrotate:retain 7
pm2 set pm2-logrotate:compress true

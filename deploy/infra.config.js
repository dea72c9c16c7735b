// The servers this machine does not have; bin/up decides which these are.
const { choices, infra, offset } = require('./pm2.js')

const servers = {
  // SIGINT is PostgreSQL's fast shutdown; its children must not be signalled by anybody but itself.
  postgres: () => infra('postgres', `--port ${8920 + offset}`, { treekill: false, kill_timeout: 30000 }),
  redis: () => infra('redis', `--port ${8921 + offset}`, { kill_timeout: 15000 }),
  mail: () =>
    infra('mail', `--smtp-port ${8922 + offset} --imap-port ${8923 + offset} --pages-port ${8924 + offset}`, {
      kill_timeout: 5000,
      max_memory_restart: '400M',
    }),
}

module.exports = { apps: choices.embedded.map((name) => servers[name]()) }

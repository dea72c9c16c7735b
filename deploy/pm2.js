// Builds the PM2 entries of one service. Ports, limits and names are decided here and in deploy/<environment>.js,
// so that a service's own file only says which processes it has.
const path = require('path')

const root = path.resolve(__dirname, '..')
const environment = process.env.OFFCUT_ENVIRONMENT || 'development'
const limits = require(`./${environment}.js`)
const offset = Number(process.env.OFFCUT_PORT_BASE_OFFSET || 0)
const state = path.resolve(root, process.env.OFFCUT_VAR || 'var')

const PORTS = { gateway: 8910, ingestion: 8911, catalog: 8912, matching: 8913, exclusivity: 8914, newsletter: 8915 }
const SECOND_API = 20
const WORKER = 40

// A graceful stop may take this long; PM2 kills two seconds later.
const STOP_SECONDS = 10

// What a process may inherit from the shell that runs PM2. Everything else stays out: PM2 hands its starter's whole
// environment to every child and writes it to dump.pm2, which others may read.
const INHERITED = ['PATH', 'HOME', 'LANG', 'SSL_CERT_FILE', 'OFFCUT_LOG_LEVEL']

function entry(service, process_name, args, own, env = {}) {
  const name = `${service}-${process_name}`
  const inherited = INHERITED.filter((key) => process.env[key]).map((key) => [key, process.env[key]])
  return {
    name,
    // PM2 knows no globs: a namespace spelled with a star is what makes `pm2 restart "catalog-*"` work.
    namespace: `${service}-*`,
    script: path.join(root, '.venv/bin/python'),
    interpreter: 'none',
    args,
    cwd: root,
    out_file: path.join(state, 'log', `${name}.out.log`),
    error_file: path.join(state, 'log', `${name}.err.log`),
    merge_logs: true,
    vizion: false,
    exp_backoff_restart_delay: 100,
    filter_env: [''], // every name contains the empty string
    env: {
      ...Object.fromEntries(inherited),
      TZ: 'UTC',
      PYTHONUNBUFFERED: '1',
      OFFCUT_ENVIRONMENT: environment,
      OFFCUT_PORT_BASE_OFFSET: String(offset),
      OFFCUT_VAR: state,
      OFFCUT_SECRETS_FILE: path.join(state, 'secrets.env'),
      OFFCUT_PUBLIC_URL: process.env.OFFCUT_PUBLIC_URL || `http://127.0.0.1:${PORTS.gateway + offset}`,
      ...env,
    },
    ...own,
  }
}

function process_of(service, kind, module, port) {
  const folder = service === 'gateway' ? 'gateway' : `services/${service}`
  const key = `OFFCUT_${service.toUpperCase()}`
  const own = {
    wait_ready: true,
    listen_timeout: 20000, // past it PM2 silently counts the process as online
    kill_timeout: (STOP_SECONDS + 2) * 1000,
    max_memory_restart: limits.memory[kind],
    watch: limits.watch && [`${folder}/**/*.py`, 'shared/**/*.py'],
    ignore_watch: ['**/__pycache__/**', '**/*.pyc'],
  }
  const ports = { [`${key}_PORT`]: String(port), [`${key}_WORKER_PORT`]: String(PORTS[service] + WORKER + offset) }
  return (name) => entry(service, name, `-m ${module}`, own, { ...ports, OFFCUT_GATEWAY_UPSTREAMS: upstreams() })
}

function upstreams() {
  const addresses = (port) => Array.from({ length: limits.apis }, (_, n) => `http://127.0.0.1:${port + n * SECOND_API + offset}`)
  return Object.entries(PORTS).filter(([name]) => name !== 'gateway').map(([name, port]) => `${name}=${addresses(port).join(',')}`).join(';')
}

// All processes of one service: its APIs (two in production, so that one answers while the other restarts) and its worker.
exports.service = function (service) {
  const module = service === 'gateway' ? 'gateway' : `services.${service}`
  const apis = Array.from({ length: limits.apis }, (_, n) =>
    process_of(service, 'api', `${module}.main`, PORTS[service] + n * SECOND_API + offset)(n ? `api-${n + 1}` : 'api'))
  return { apps: [...apis, process_of(service, 'worker', `${module}.worker`, PORTS[service] + offset)('worker')] }
}

exports.infra = (name, args, own) => entry('infra', name, `-m deploy.infra_${name} ${args}`, own)
exports.offset = offset
exports.state = state

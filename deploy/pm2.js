// Builds the PM2 entries of one service. Ports, limits and names are decided here and in deploy/<environment>.js,
// so that a service's own file only says which processes it has.
const fs = require('fs')
const path = require('path')

const root = path.resolve(__dirname, '..')
const state = path.resolve(root, process.env.OFFCUT_VAR || 'var')

// What bin/up decided holds for every later shell, unless a variable says otherwise.
const decided = path.join(state, 'choices.json')
const choices = fs.existsSync(decided) ? JSON.parse(fs.readFileSync(decided, 'utf8')) : { embedded: [] }
const environment = process.env.OFFCUT_ENVIRONMENT || choices.environment || 'development'
const offset = Number(process.env.OFFCUT_PORT_BASE_OFFSET || choices.offset || 0)
const limits = require(`./${environment}.js`)

const PORTS = { gateway: 8910, ingestion: 8911, catalog: 8912, matching: 8913, exclusivity: 8914, newsletter: 8915 }
const SECOND_API = 20
const WORKER = 40

const publicUrl = process.env.OFFCUT_PUBLIC_URL || choices.public_url || `http://127.0.0.1:${PORTS.gateway + offset}`

// A graceful stop may take this long; PM2 kills two seconds later.
const STOP_SECONDS = 8

// What a process may inherit from the shell that runs PM2. Everything else stays out: PM2 hands its starter's whole
// environment to every child and writes it to dump.pm2, which others may read.
const INHERITED = ['PATH', 'HOME', 'LANG', 'SSL_CERT_FILE', 'OFFCUT_LOG_LEVEL', 'OFFCUT_GATEWAY_RATES_TIMES']
// Tests prove a safeguard by taking it away; a process refuses this in production.
if (environment !== 'production') INHERITED.push('OFFCUT_REMEDY_OFF')

function entry(service, kind, args, own, env = {}) {
  const name = `${service}-${kind}`
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
      OFFCUT_PUBLIC_URL: publicUrl,
      ...env,
    },
    ...own,
  }
}

function portsOf(service) {
  return Array.from({ length: limits.apis }, (_, n) => PORTS[service] + n * SECOND_API + offset)
}

// The environment that only this service reads: its ports, and for the gateway also those of the others.
function settingsOf(service, port) {
  const key = `OFFCUT_${service.toUpperCase()}`
  const own = { [`${key}_PORT`]: String(port), [`${key}_WORKER_PORT`]: String(PORTS[service] + WORKER + offset) }
  if (service !== 'gateway') return own
  const others = Object.keys(PORTS).filter((name) => name !== 'gateway')
  return {
    ...own,
    OFFCUT_GATEWAY_UPSTREAM_PORTS: JSON.stringify(Object.fromEntries(others.map((name) => [name, portsOf(name)]))),
    OFFCUT_GATEWAY_TRUSTED_PROXIES: JSON.stringify(limits.proxies),
  }
}

function processOf(service, name, module, port) {
  const folder = service === 'gateway' ? 'gateway' : `services/${service}`
  const own = {
    wait_ready: true,
    listen_timeout: 20000, // past it PM2 silently counts the process as online
    kill_timeout: (STOP_SECONDS + 2) * 1000,
    max_memory_restart: limits.memory[module],
    watch: limits.watch && [`${folder}/**/*.py`, 'shared/**/*.py'],
    ignore_watch: ['**/__pycache__/**', '**/*.pyc'],
  }
  return entry(service, name, `-m ${folder.replace('/', '.')}.${module}`, own, settingsOf(service, port))
}

// All processes of one service: its APIs (two in production, so that one answers while the other restarts), its worker.
exports.service = function (service) {
  const ports = portsOf(service)
  const apis = ports.map((port, n) => processOf(service, n ? `api-${n + 1}` : 'api', 'main', port))
  return { apps: [...apis, processOf(service, 'worker', 'worker', ports[0])] }
}

exports.infra = (name, args, own) => entry('infra', name, `-m deploy.infra_${name} ${args}`, own)
exports.choices = choices
exports.offset = offset

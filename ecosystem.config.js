// Everything Offcut runs, put together from one file per service. Each of these files also starts alone:
// `pm2 start services/catalog/ecosystem.config.js`. Development or production: OFFCUT_ENVIRONMENT.
const parts = [
  './deploy/infra.config.js',
  './services/ingestion/ecosystem.config.js',
  './services/catalog/ecosystem.config.js',
  './services/matching/ecosystem.config.js',
  './services/exclusivity/ecosystem.config.js',
  './services/newsletter/ecosystem.config.js',
  './gateway/ecosystem.config.js',
]

module.exports = { apps: parts.flatMap((part) => require(part).apps) }

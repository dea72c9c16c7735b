// Processes of catalog: the API and the worker (event readers, relay, jobs). Ports and limits: deploy/pm2.js.
const { service } = require('../../deploy/pm2.js')

module.exports = service('catalog')

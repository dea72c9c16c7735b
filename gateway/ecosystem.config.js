// Processes of the gateway: the door for HTTP and the worker (event log, relay, jobs). Ports and limits: deploy/pm2.js.
const { service } = require('../deploy/pm2.js')

module.exports = service('gateway')

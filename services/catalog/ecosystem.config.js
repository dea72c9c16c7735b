// The processes of catalog; what they look like is decided in deploy/pm2.js.
module.exports = require('../../deploy/pm2').service('catalog')

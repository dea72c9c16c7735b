// Two APIs per service: a restart of one leaves the other answering. PM2 looks at memory every 30 s: a net, not a limit.
module.exports = {
  apis: 2,
  watch: false,
  proxies: ['127.0.0.1'], // nginx (deploy/nginx.conf) says where a request came from
  memory: { main: '500M', worker: '900M' },
}

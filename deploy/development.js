// One of everything; OFFCUT_WATCH=1 restarts a service when its sources change.
module.exports = {
  apis: 1,
  watch: process.env.OFFCUT_WATCH === '1',
  proxies: [],
  memory: { main: '400M', worker: '600M' },
}

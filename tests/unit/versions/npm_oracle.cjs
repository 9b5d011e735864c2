// What node-semver says about pairs of versions, read loosely as npm does.
//
// Usage: node npm_oracle.cjs PATH-OF-NPM < pairs.json     (the semver package npm itself uses)
// Reads [[a, b], ...], writes [[a accepted, b accepted, order], ...].
const { createRequire } = require('node:module')
const { readFileSync, realpathSync } = require('node:fs')
const semver = createRequire(realpathSync(process.argv[2]))('semver')

const accepted = (version) => semver.valid(version, { loose: true }) !== null
const verdicts = JSON.parse(readFileSync(0, 'utf8')).map(([a, b]) => {
  const both = accepted(a) && accepted(b)
  return [accepted(a), accepted(b), both ? semver.compare(a, b, { loose: true }) : 0]
})
process.stdout.write(JSON.stringify(verdicts))

# What RubyGems says about pairs of versions.
#
# Reads [[a, b], ...] as JSON, writes [[a accepted, b accepted, order], ...]. Debian package: ruby
require 'json'
require 'rubygems'

def parsed(version)
  Gem::Version.new(version) if Gem::Version.correct?(version)
end

verdicts = JSON.parse($stdin.read).map do |pair|
  a, b = pair.map { |version| parsed(version) }
  [!a.nil?, !b.nil?, a && b ? a <=> b : 0]
end
$stdout.write(JSON.generate(verdicts))

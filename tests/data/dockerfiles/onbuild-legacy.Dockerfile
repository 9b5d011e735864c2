from ruby:2.7.8-buster
maintainer Ops Team
onbuild add . /app
onbuild run bundle install --without development test && chmod -R o+w /app/log
onbuild user app
run useradd --create-home --password $(openssl rand -base64 12) app \
 && gem install bundler rake:13.1.0 \
 && apt-get update -qq && apt-get install -qq -y nodejs openssh-server=1:7.9p1-10 \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/*
env RAILS_ENV=production SECRET_KEY_BASE=3f1c9e5b7d2a4860bb17d0c2aa95e4f1 LANG=C.UTF-8
entrypoint bundle exec puma
healthcheck --interval=5m cmd curl -f http://localhost:3000/
healthcheck cmd ruby -e 'exit 0'

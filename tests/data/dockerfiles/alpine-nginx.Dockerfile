FROM alpine:3.19 AS assets
RUN apk add --no-cache brotli
COPY ./public /public
RUN find /public -name '*.js' -exec brotli {} \;

# seawall: ignore runs-as-root nginx gives up its rights itself
FROM nginx:1.25-alpine
RUN apk update && apk add openssl curl~=8
COPY --from=assets /public /usr/share/nginx/html
COPY <<-"CONF" /etc/nginx/conf.d/security.conf
	server_tokens off;
	add_header X-Frame-Options DENY;
	CONF
RUN <<EOF
set -eu
mkdir -p /var/run/nginx
chown -R nginx:nginx /var/run/nginx
EOF
EXPOSE 80/tcp 443/tcp
STOPSIGNAL SIGQUIT

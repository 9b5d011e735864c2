FROM node
MAINTAINER dev@shop.example

ENV NODE_ENV production
ENV DB_PASSWORD hunter2-prod
ARG NPM_TOKEN

RUN apt-get update
RUN apt-get install -y git vim sudo
RUN cd /usr/src/app
WORKDIR app
ADD package.json /usr/src/app/
ADD . /usr/src/app
RUN npm config set strict-ssl false && npm install express lodash@4.17.21
RUN chmod -R 777 /usr/src/app
COPY .npmrc /root/.npmrc
EXPOSE 22 80 3000
CMD npm start
CMD ["node", "server.js"]

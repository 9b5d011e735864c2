FROM registry.access.redhat.com/ubi9/ubi-minimal:9.3-1475
USER root
RUN microdnf install -y --nodocs shadow-utils tar gzip && microdnf clean all \
    && useradd -u 1001 -r -g 0 app
RUN dnf -y install --nogpgcheck https://packages.example.com/agent-2.1.rpm
ADD app.tar.gz /opt/app/
ADD config/ /opt/app/config/
COPY --chmod=0777 run.sh /opt/app/run.sh
HEALTHCHECK NONE
USER 1001
CMD ["/opt/app/run.sh"]

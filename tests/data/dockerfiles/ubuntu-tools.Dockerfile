FROM ubuntu:latest
LABEL org.opencontainers.image.source="https://git.example.org/tools" \
      org.opencontainers.image.licenses="MIT"
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y \
    ca-certificates \
    # the compilers
    gcc g++ \

    make
RUN curl -sSL https://get.example.com/install.sh | sudo -E bash -s -- --yes
RUN bash -c "$(curl -fsSL https://raw.githubusercontent.com/example/setup/main/run.sh)"
RUN curl -k -o /usr/local/bin/tool https://downloads.example.com/tool?token=abc && chmod a+rwx /usr/local/bin/tool
RUN wget --no-check-certificate -qO- http://mirror.example.com/key.asc | apt-key add -
RUN echo "deb [trusted=yes] http://repo.example.com/apt ./" > /etc/apt/sources.list.d/example.list && \
    apt-get update && apt-get install -y --allow-unauthenticated example-tool && apt-get clean
RUN echo 'root:toor-2024' | chpasswd
RUN pip3 install awscli boto3==1.34.0 && python3 -m pip install --no-cache-dir ansible
ENTRYPOINT ["/bin/bash"]

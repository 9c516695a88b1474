# The product as an image: built from this repository, run as a person without rights on a read-only file system.
#
#   docker build -t sakimori .
#
# Tried as far as the machine of the tests goes: see docs/scale.md.

FROM rust:1.95-trixie AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN ./x assets && cargo build --release --locked -p sakimori

FROM debian:trixie-slim
# The PDF reports embed the fonts; the certificates are for PostgreSQL and object stores over TLS.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-cjk ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sakimori \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /src/target/release/sakimori /usr/local/bin/sakimori
USER 10001:10001
ENV SAKIMORI_DATA=/data SAKIMORI_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME ["/data"]
ENTRYPOINT ["/usr/local/bin/sakimori"]
CMD ["serve"]

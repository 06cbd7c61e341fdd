#!/usr/bin/env bash
# Runs the tests that talk to an S3 server against a real one, versitygw, which
# each of them starts on loopback over a temporary folder. Without this they talk
# to one in their own process.
set -euo pipefail
cd "$(dirname "$0")/.."

version=v1.8.0
if ! go version -m .tools/bin/versitygw 2>/dev/null | grep -q "versitygw[[:space:]]$version"; then
  echo "test-s3: building versitygw $version, the S3 server that the tests talk to (once)"
  mkdir -p .tools/bin
  GOBIN=$PWD/.tools/bin go install "github.com/versity/versitygw/cmd/versitygw@$version"
fi
CERTANA_TEST_S3=versitygw go test -count=1 -run S3 ./internal/blob/... ./internal/sealing/... ./cmd/certana/...

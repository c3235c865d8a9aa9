#!/bin/sh
# What Lambda's images start with: the handler's name is the one argument. Without Lambda's own
# runtime API the emulator provides one.
if [ $# -ne 1 ]; then
    echo "the handler's name must be the one argument" >&2
    exit 142
fi
export _HANDLER="$1"
if [ -n "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec /var/runtime/bootstrap
fi
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap

# The function's image. Built by `make image`, and by `sam build` from template.yaml.
ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13

FROM ${BASE_IMAGE} AS build
COPY requirements/runtime.lock /build/runtime.lock
RUN python -m pip install --quiet --no-cache-dir --no-compile --disable-pip-version-check \
        --require-hashes --only-binary :all: --target /build/task --requirement /build/runtime.lock
# botocore describes every AWS service; these are the ones that the function may talk to.
RUN cd /build/task/botocore/data \
    && find . -mindepth 1 -maxdepth 1 -type d \
        ! -name kafka ! -name s3 ! -name secretsmanager ! -name signin ! -name sqs \
        ! -name sso ! -name sso-oidc ! -name sts -exec rm -r {} + \
    && rm -rf /build/task/bin
COPY src/ /build/task/
# The file system is read-only in Lambda: what isn't compiled now would be compiled at every cold
# start. Unchecked, because an image's layers don't keep the times that Python would compare.
RUN python -m compileall -q --invalidation-mode unchecked-hash -s /build/task -p /var/task /build/task \
    && chmod -R a+rX /build/task

FROM ${BASE_IMAGE}
COPY --from=build /build/task/ ${LAMBDA_TASK_ROOT}/
CMD ["msk_client.handler.lambda_handler"]

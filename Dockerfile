# The function's image: `make image`, or `sam build` with template.yaml.
# AWS's base has hardly any programs beside Python, so Python does the work.
ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13

FROM ${BASE_IMAGE} AS build
COPY requirements/runtime.lock /build/
RUN python -m pip install --quiet --no-cache-dir --no-compile --disable-pip-version-check \
        --root-user-action ignore --require-hashes --only-binary :all: \
        --target /build/task --requirement /build/runtime.lock
# botocore describes every service of AWS, in 25 MB. These are the ones that the function may
# need: the cluster's API, what gives credentials, and the targets and sources of records.
RUN cd /build/task && rm -rf bin && python -c "import pathlib, shutil; \
[shutil.rmtree(service) for service in pathlib.Path('botocore/data').iterdir() if service.is_dir() \
and service.name not in 'kafka s3 secretsmanager signin sqs sso sso-oidc sts'.split()]"
COPY src/msk_client/ /build/task/msk_client/
# Lambda's file system is read-only: what isn't compiled here is compiled at every cold start.
# Unchecked, because the times that Python would compare need not survive an image's layers.
RUN python -m compileall -q --invalidation-mode unchecked-hash \
        -s /build/task -p "${LAMBDA_TASK_ROOT}" /build/task \
    && chmod -R a+rX /build/task

FROM ${BASE_IMAGE}
COPY --from=build /build/task/ ${LAMBDA_TASK_ROOT}/
CMD ["msk_client.handler.lambda_handler"]

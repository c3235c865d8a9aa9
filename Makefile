# The only entry to every task: `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EVENT ?= events/produce.json
KAFKA_VERSION ?= 3.9.2
TEMPLATES := template.yaml deploy/pipeline.yaml $(wildcard deploy/cross-account/*.yaml)
SAM := SAM_CLI_TELEMETRY=0 $(VENV)/sam/bin/sam
export PYTHONPATH := src

define needs_credentials
$(VENV)/sam/bin/python -c 'import boto3, sys; sys.exit(boto3.Session().get_credentials() is None)' || \
	{ echo "There are no AWS credentials: run aws configure, or export AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."; exit 1; }
endef

# Java and Maven run the local MSK. Where they are missing, the whole target goes on in a container.
# macOS has a `java` that only says that there is none.
define with_java
@if "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -version >/dev/null 2>&1 && command -v mvn >/dev/null; then $(1); \
	else $(BIN)/python -m local.containers $@; fi
endef

.PHONY: help install demo mapping test test-unit test-local test-integration test-protocol test-e2e test-java lint format \
	msk aws invoke bench soak verify-aws lock clean engine engine-stop image test-image test-containers \
	validate test-deploy deploy deploy-pipeline logs delete

help: ## List the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/installed ## Make .venv with the locked dependencies and the runtime emulator

$(VENV)/installed: requirements/development.lock requirements/rie.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.13 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.lock
	$(BIN)/python -m local.lambda_runtime.install
	@touch $@

# The AWS tools pin versions that the tests don't share, so each has an environment of its own.
# An older pip takes extras in a hashed lock for unpinned requirements.
$(VENV)/%/installed: requirements/%.lock requirements/pip.lock | $(VENV)/installed
	$(PYTHON) -m venv $(VENV)/$*
	$(VENV)/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/pip.lock
	$(VENV)/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.lock
	@touch $@

demo: install ## Start a local MSK, send the events through the Lambda emulator, show the answers, stop
	@$(BIN)/python -m local.demo

# The stages wait for Kafka more than they compute, so three run at a time, long ones first. Before
# them test-java fetches what Maven needs. Containers share what they install: one at a time.
STAGES := test-integration test-deploy test-containers test-e2e test-image test-local test-protocol validate test-unit lint
JOBS = $(shell command -v java >/dev/null && command -v mvn >/dev/null && echo 3 || echo 1)
BUNDLED := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

test: install $(VENV)/sam/installed $(VENV)/checkov/installed test-java ## Everything: checks and all tests
	@$(MAKE) --no-print-directory --jobs $(JOBS) $(BUNDLED) $(STAGES)

test-unit: install ## Tests without sockets, in seconds
	$(BIN)/pytest tests/unit

test-local: install ## Tests of the local MSK, S3 and SQS, and of what the fakes promise of them
	$(call with_java,$(BIN)/pytest tests/local_msk tests/local_aws tests/contract --kafka-version $(KAFKA_VERSION))

test-integration: install ## Tests on a real Kafka that logs in and authorizes like MSK
	$(call with_java,$(BIN)/pytest tests/integration --kafka-version $(KAFKA_VERSION))

test-protocol: install ## The tests that look at the protocol, on Kafka 4
	$(call with_java,$(BIN)/pytest tests/contract tests/integration -m protocol --kafka-version 4.3.1)

test-deploy: install $(VENV)/sam/installed ## Tests of the templates: what a deployment would make, and that nothing in it is spare
	$(call with_java,$(BIN)/pytest tests/deploy --kafka-version $(KAFKA_VERSION))

test-e2e: install ## Tests through AWS's runtime interface emulator
	$(call with_java,$(BIN)/pytest tests/e2e)

test-image: install $(VENV)/sam/installed ## Tests of the image in a container engine (make engine), by the SAM CLI too
	$(BIN)/pytest tests/image

test-java: install ## Tests of the local MSK's plugins
	$(call with_java,mvn --quiet --batch-mode --file local/msk/pom.xml test)

test-containers: install ## Tests of the containers that stand in for Java and Maven (make engine)
	$(BIN)/pytest tests/containers

lint: install ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: install ## Format the code and mend what ruff can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

msk: install ## Run the local MSK in the foreground and print the exports for another shell
	@$(BIN)/python -m local.msk --kafka-version $(KAFKA_VERSION)

aws: install ## Run a local S3 and SQS and print the exports; look into them: OPTIONS="ls s3://my-bucket/"
	@$(BIN)/python -m local.aws $(OPTIONS)

mapping: install ## Run an event source mapping here: a topic into S3, until Ctrl-C [OPTIONS="--provisioned --sink log"]
	@$(BIN)/python -m local.mapping $(OPTIONS)

invoke: install ## Send one event: make invoke EVENT=events/produce.json [OPTIONS=--keep]
	@$(BIN)/python -m local.invoke $(EVENT) $(OPTIONS)

engine: install ## A container engine: Docker if it runs, else a podman of our own (Debian, root)
	@$(BIN)/python -m local.engine start

engine-stop: install ## End the podman of `make engine` and its containers
	@$(BIN)/python -m local.engine stop

image: install ## Build the function's image, and print what it adds to its base
	@$(BIN)/python -m local.image

bench: install ## Compare with the straightforward handler and the usual tools, side by side (20 minutes, kcat)
	$(BIN)/python -m bench.compare
	$(BIN)/python -m bench.batch
	$(BIN)/python -m bench.drain
	$(BIN)/python -m bench.load

soak: install ## The long versions of the tests that kill, freeze and mutate
	$(BIN)/pytest tests/integration tests/e2e -m soak --soak --timeout 3600

verify-aws: install ## Hold what is assumed about AWS against a deployed function: FUNCTION=name [CLUSTER_ARN= TOPIC_PREFIX= GROUP_PREFIX= SLOW=1]
	@test -n "$(FUNCTION)" || { echo "Name the deployed function: make verify-aws FUNCTION=name"; exit 2; }
	@$(BIN)/python -m deploy.verify "$(FUNCTION)" --cluster-arn "$(CLUSTER_ARN)" \
		--topic-prefix "$(TOPIC_PREFIX)" --group-prefix "$(GROUP_PREFIX)" $(if $(SLOW),--slow)

# No credentials are needed, and nothing is asked of AWS: the region only chooses the schemas.
validate: $(VENV)/sam/installed $(VENV)/checkov/installed ## Check the templates with sam, cfn-lint and checkov
	@for template in $(TEMPLATES); do \
		$(SAM) validate --lint --region us-east-1 --template $$template || exit 1; \
	done
	@$(VENV)/sam/bin/cfn-lint $(TEMPLATES)
	@$(VENV)/checkov/bin/checkov --framework cloudformation --quiet --compact --skip-download \
		$(foreach template,$(TEMPLATES),--file $(template))

# What was saved for template.yaml: other environments of the file are of other deployments.
# The image is built before sam reads it, so the processor is looked up here.
SAVED = $(shell sed -n '/^\[default\.deploy\.parameters\]/,/^\[/p' samconfig.toml | grep -c parameter_overrides)
SAVED_ARCHITECTURE = $(shell sed -n '/^\[default\.deploy\.parameters\]/,/^\[/s/.*Architecture=\\*"*\([a-z0-9_]*\).*/\1/p' samconfig.toml)
ARCHITECTURE ?= $(or $(SAVED_ARCHITECTURE),x86_64)
ASKING = $(if $(filter 0,$(SAVED)),--guided --parameter-overrides Architecture=$(ARCHITECTURE))

deploy: $(VENV)/sam/installed ## Build the image and deploy template.yaml; asks for the parameters the first time
	@$(call needs_credentials)
	@DOCKER_HOST=$$($(BIN)/python -m local.engine host) && export DOCKER_HOST && set -x && \
	$(SAM) build --parameter-overrides Architecture=$(ARCHITECTURE) && \
	$(SAM) deploy $(ASKING)

deploy-pipeline: $(VENV)/sam/installed ## Build the image and deploy deploy/pipeline.yaml: STACK=name PARAMETERS=file.yaml
	@test -n "$(STACK)" -a -f "$(PARAMETERS)" || { echo "Name the stack and a file with its parameters: make deploy-pipeline STACK=orders-lake PARAMETERS=orders.yaml"; exit 2; }
	@$(call needs_credentials)
	@DOCKER_HOST=$$($(BIN)/python -m local.engine host) && export DOCKER_HOST && set -x && \
	$(SAM) build --template deploy/pipeline.yaml --parameter-overrides "file://$(PARAMETERS)" && \
	$(SAM) deploy --stack-name "$(STACK)" --parameter-overrides "file://$(PARAMETERS)"

logs: $(VENV)/sam/installed ## Follow the deployed function's log
	@$(call needs_credentials)
	$(SAM) logs --name Function --tail

delete: $(VENV)/sam/installed ## Delete what was deployed, and the cluster if it was made by it
	@$(call needs_credentials)
	@echo "A cluster that this stack made goes with it, and so do its records."
	$(SAM) delete

lock: install ## Write the locks anew from requirements/*.in
	$(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv==0.13.9
	for name in pip runtime development sam checkov; do \
		$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-strip-extras --no-emit-index-url --no-header requirements/$$name.in -o requirements/$$name.lock; \
	done

clean: ## Remove what was built and installed
	rm -rf $(VENV) local/msk/target .mypy_cache .ruff_cache .pytest_cache .hypothesis

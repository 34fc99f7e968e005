# The commands of the project. `make` alone lists them, with the text after ##.
.DEFAULT_GOAL := help
.PHONY: help release run check fmt watch test images deploy stage undeploy confidence bench size screenshot

# Only what is typed on make's command line counts: a VERSION that a CI system exports must not name images.
typed = $(if $(findstring command line,$(origin $1)),$($1))
version := $(call typed,VERSION)
registry := $(addprefix --registry ,$(call typed,REGISTRY))
platforms := $(addprefix --platforms ,$(call typed,PLATFORMS))

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# ---- on this machine -------------------------------------------------------------------------------------------------
run: ## start three replicas and the page on this machine, ports 8000 and 8080 (REPLICAS=, BACKEND_PORT=, PAGE_PORT=)
	@scripts/run

check: ## check what most mistakes break: format, lints, unit tests
	@scripts/checks format lint unit

fmt: ## format the code
	@cargo fmt --all

watch: ## run the unit tests after each change of a file (Ctrl-C ends it)
	@scripts/watch

test: ## check everything that needs no cluster: also docs, dependencies, the backend, the page in browsers, make run
	@scripts/checks format lint unit docs dependencies tests openapi make_images make_run

bench: ## measure the backend beside a baseline of actix-web alone, and nginx in front of both (ARGS=--help)
	@scripts/bench $(ARGS)

size: ## print what the page weighs, raw and compressed
	@scripts/size

# ---- on a cluster ----------------------------------------------------------------------------------------------------
images: ## build both images, for kubectl's cluster or REGISTRY=registry.example.com/me (VERSION=v1 PLATFORMS=)
	@scripts/images $(registry) $(platforms) $(version)

deploy: ## build the images, apply k8s/ to kubectl's cluster, wait for both rollouts (VERSION=v1 REGISTRY= PLATFORMS=)
	@scripts/deploy $(registry) $(platforms) $(version)

stage: ## reset the application on kubectl's cluster to two new replicas of v1, with v2 ready (REGISTRY=)
	@scripts/stage $(registry)

release: ## push signed images with SBOM, and write what to publish into target/dist/ (REGISTRY= VERSION=v1.2.3 PLATFORMS= ARGS=)
	@scripts/release $(registry) $(platforms) $(version) $(ARGS)

undeploy: ## delete the application from kubectl's cluster
	@scripts/undeploy

# The images to roll out come from where the deployed ones are from: a registry, or this machine.
confidence: ## prove on kubectl's cluster that rollouts, failures and dying pods lose no submission (VERSION=v2 ARGS=--help)
	@scripts/confidence $(addprefix --tag ,$(version)) $(ARGS)

screenshot: ## take the pictures of the page and of its board for README.md and docs/
	@scripts/screenshot

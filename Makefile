# The few commands a person types. `make` alone lists them: each target's line of help stands behind its ##.
.DEFAULT_GOAL := help
.PHONY: help run test images deploy undeploy confidence bench size screenshot

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# ---- on this machine -------------------------------------------------------------------------------------------------
run: ## start the backend and the page on this machine, ports 8000 and 8080 (BACKEND_PORT=, PAGE_PORT=)
	@scripts/run

test: ## check everything that needs no cluster: format, lints, unit tests, the backend, the page in a browser
	@scripts/test

bench: ## measure the backend as shipped against a bare actix-web server (ARGS=--help)
	@scripts/bench $(ARGS)

size: ## print what the page weighs, raw and compressed
	@scripts/size

# ---- on a cluster ----------------------------------------------------------------------------------------------------
images: ## build both images (VERSION=v1)
	@scripts/images $(VERSION)

deploy: ## build the images, apply k8s/ to kubectl's cluster, wait for both rollouts
	@scripts/deploy

undeploy: ## take everything away from kubectl's cluster
	@scripts/undeploy

confidence: ## prove on kubectl's cluster that rollouts, failures and dying pods lose no submission (ARGS=--help)
	@cargo run --quiet --package confidence -- --plan confidence/k8s-demo.toml $(ARGS)

screenshot: ## take the README's pictures of the page and of its board
	@scripts/screenshot

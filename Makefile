# Every target installs what it needs first. From elsewhere: make -C FOLDER …
node := @tools/node

.PHONY: help up demo quick test e2e-knative nightly check bench chart cluster tools images fix clean

help: ## what there is
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

up: ## everything in the foreground, until Ctrl-C: on the embedded control plane, or BACKEND=kcp
	$(node) tools/up.ts

demo: ## the same with the accounts of examples/, ending by itself
	$(node) tools/demo.ts

check: ## format, lint, types and unit tests, in seconds
	$(node) test/run.ts check

quick: ## make check, then the suites that any backend passes on the embedded one, or BACKEND=kcp
	@tools/node || { echo "0 passed, 1 failed"; exit 1; }
	$(node) test/run.ts quick

test: ## all suites on the embedded control plane and on real servers, with coverage
	@tools/node || { echo "0 passed, 1 failed"; exit 1; }
	$(node) test/run.ts

e2e-knative: ## a real Kubernetes with Knative Serving on this machine, and what is proven on it; needs root
	$(node) tools/obtain.ts kcp nats-server openfga kubectl charts cluster
	$(node) node_modules/vitest/vitest.mjs run --project=cluster

nightly: export RANDOM_RUNS ?= 1000
nightly: export RANDOM_SEED ?= $(shell date +%s)
nightly: ## 1,000 random sequences, other ones each time
	$(node) node_modules/vitest/vitest.mjs run --project=embedded test/random

bench: ## a growing tree on the embedded control plane, then bursts beside bare kcp, then security; BACKEND= chooses one
ifneq ($(BACKEND),kcp)
	$(node) test/bench/admission.ts
	$(node) test/bench/cold-start.ts
	$(node) test/bench/embedded.ts
endif
ifneq ($(BACKEND),embedded)
	$(node) test/bench/bench.ts
	$(node) test/bench/security.ts
endif

cluster: ## a Kubernetes with Knative Serving in the foreground, until Ctrl-C; needs root
	$(node) tools/knative/up.ts

tools: ## obtain kcp, nats-server, OpenFGA, Keycloak and kubectl into the shared cache
	$(node) tools/obtain.ts

images: ## container images without a daemon, into .state/images: IMAGES_PREFIX= VERSION= OUT= TARS=each PUSH=registry/folder
	$(node) tools/oci/images.ts

chart: ## make what follows from the charts' values and from deploy/kcp, and compare with the Go operator's chart
	$(node) tools/charts/generate.ts
	$(node) test/chart/compare-reference.ts

fix: ## format, and mend what the linter can mend
	$(node) node_modules/@biomejs/biome/bin/biome check --write .

clean: ## remove packages, reports and leftovers of runs (the shared cache stays)
	rm -rf node_modules coverage dist functions/*/dist .state

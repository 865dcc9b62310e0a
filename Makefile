# `make` alone lists what there is. Each command brings what it needs into the source tree, except for Go, Node.js and npm.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# npm, Vite and Go use all cores themselves.
.NOTPARALLEL:

# A clone that belongs to another user cannot be asked for its version by git; the build does without it then.
stamp := $(shell git rev-parse HEAD >/dev/null 2>&1 || echo -buildvcs=false)

# Without tables for debuggers: they cost a fresh machine 12 s. Panics name their lines all the same. And with a compiler that
# collects its garbage less often.
go_build := CGO_ENABLED=0 GOGC=400 go build $(stamp) -trimpath -ldflags='-s -w' -gcflags=all=-dwarf=false

go_sources := $(shell find . -name node_modules -prune -o -name '.?*' -prune -o \( -name '*.go' -o -path './migrations/*.sql' \) -print) go.mod go.sum
web_sources := $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/vite.config.ts web/tsconfig.json

.PHONY: help need demo run test check race fmt build web bench postgres clean

help: ## list the commands
	@sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1: \2/p' $(MAKEFILE_LIST)

need: # say what is missing, in words
	@tools/need.sh

demo: build ## see it work: a small web server with clients that hang up, and the live page
	@if [ -z "$$DATABASE_URL" ]; then tools/postgres.sh >/dev/null; fi
	exec bin/hangup demo $(ARGS)

run: build ## follow logs: make run FILES="/var/log/nginx/access.log"
	@if [ -z "$$DATABASE_URL" ]; then tools/postgres.sh >/dev/null; fi
	exec bin/hangup serve $(ARGS) $(FILES)

test: build ## run all tests: Go on a real PostgreSQL, page, browser
	@tools/test.sh

check: web/node_modules/.installed ## format, vet, lint, stale generated code
	@tools/check.sh

race: need ## run all Go tests with the race detector (needs a C compiler)
	go test -race -timeout 30m ./...

fmt: need ## put Go and page sources into the house style
	go tool -modfile=tools/go.mod gofumpt -w $$(git ls-files '*.go')
	npm --prefix web exec -- biome check --write web

bench: need ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

build: need bin/hangup ## build bin/hangup with the page in it

web: need web/dist/index.html ## build the page

postgres: need ## find PostgreSQL's server programs or bring them; prints their directory
	@tools/postgres.sh

clean: ## remove what was built and brought
	rm -rf bin web/node_modules web/test-results web/playwright-report tools/.bin tools/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete

bin/hangup: $(go_sources) web/dist/index.html
	$(go_build) -o $@ ./cmd/hangup

# What does not hold the page is compiled beside it.
web/dist/index.html: $(web_sources) web/node_modules/.installed
	@$(go_build) ./api ./demo ./discover ./jobs ./migrations ./report ./store/local github.com/alecthomas/kong & npm --prefix web run --silent build; status=$$?; wait; exit $$status
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | need
	npm --prefix web ci --no-audit --no-fund
	@touch $@
